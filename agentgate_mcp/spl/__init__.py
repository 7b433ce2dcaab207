"""SPL read as data: lexer, parser, macro expansion, facts and safe building. No I/O."""
