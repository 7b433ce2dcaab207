"""A second implementation of the search language in plain Python, to judge the engine by.

It shares with the product only the parser, macro expansion and the reading of time expressions,
and was written from Splunk's documentation, not from the engine. `queries/*.spl` are the golden
searches, `tests/goldens/spl/*.jsonl` the answers; write those anew with
``python -m tests.spl_oracle.regenerate`` and compare the engine with them by
``python -m tests.spl_oracle.report``.

What Splunk documents, where a guess is easy to get wrong:

==============================  ==================================================================
percentiles, `median`           the value at 0-based rank ⌊p/100 · n⌋: of two middles the higher
`head (condition)`              without `limit` it ends only where the condition does
`sort`                          a row without the field is last in either direction
`format`                        fields by name; no rows are ``NOT( )``
`savedsearch`                   its own time range where the job's is all time
`timechart`                     buckets fill the search's time range, or the data's if unbounded
`transaction`                   reads newest first: `maxspan` counts back from the newest event
`lookup … OUTPUT`               an event without a match loses the output fields; OUTPUTNEW keeps
`nomv`                          values on lines, after `mvcombine` with its `delim` (a blank)
`stats … by` a list             each value puts the row in its group, a repeated one again
`search field!=x`               needs the field; `NOT field=x` does not
`top`                           percent with six decimals
==============================  ==================================================================

What Splunk leaves open, and what was chosen. Golden searches avoid the rows marked †.

==============================  ==================================================================
groups of `stats`               in the order of the text of their values; `chart` rows as well
rows of equal `top` count       by text, also in `rare`; equal series of `chart` likewise
`mode`                          of equally frequent values the first by text
`stdev`, `var` of one value     0
`min`, `max`                    numbers if every value of the group is one, else text
`earliest`, `latest`            of one time by load order; rows without `_time` do not count
events of one time              the one loaded last comes first
`join` without a field list     the fields that both sides have, internal ones left out
`dedup sortby`                  orders the rows before any is dropped
`convert ctime(text)` †         the text stays; only `num`, `mktime`, `dur2sec`, `memk` remove a value
`lookup` of a list †            every value of the field is looked up
`mvexpand` †                    a row without the field stays
`mvcombine` †                   rows without the field stay apart
`transaction` †                 `closed_txn` is 1 once any later event shows that time ran out
`NOT` of nothing †              is nothing, so `where NOT x=1` drops rows without `x`
`bin bins=n` †                  the smallest power of ten with at most n buckets; times have
                                1, 5, 10, 30 s and min, 1 h, 1 d, 1 mon
`round(5, 2)`, `1.0`            whole numbers are shown without a decimal point
"10" > "9" †                    by number, also of quoted texts that read as numbers
text + number †                 nothing; two texts are joined
arithmetic on a list †          nothing, but a comparison holds if it does for one value
`sigfig` of a sum †             as many decimals as the operand with the fewest
`foreach`                       the bracket's text is pasted once per field, then read
columns of ``table s*`` †       in no order that counts
a search that names no column   its fields count as a set
==============================  ==================================================================

Decimals count to 13 significant digits, because sums taken in another order differ behind them.
"""
