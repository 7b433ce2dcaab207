"""Words that pattern families share. Kept apart so that a gap is filled in one place."""

from __future__ import annotations

VOCABULARY: dict[str, str] = {
    # Verbs that set instructions aside; the second group is ordinary English elsewhere.
    "ignore": "(ignore|disregard|forget|forget about|ignoring|disregarding|pay no attention to"
    "|take no notice of|do not follow|must not follow|should not follow|no longer obey"
    "|don't follow|do not obey|don't obey|do not listen to|don't listen to|stop following|stop obeying|no longer follow"
    "|do not adhere to|do not comply with|never mind|unlearn)",
    "set_aside": "(override|overrule|bypass|dismiss|discard|neglect|abandon|overwrite|supersede|skip|drop|cancel|void"
    "|invalidate|revoke|replace|reset|circumvent)",
    "prior": "(previous|prior|above|earlier|preceding|foregoing|original|initial|past|former|existing|current|given"
    "|received|old|last|first|precedent|aforementioned|other|system|developer|default)",
    "prior_strict": "(previous|prior|above|earlier|preceding|foregoing|original|initial|system)",
    # `i*nstr` tolerates the slips that real payloads carry.
    "instr": "(instruct*|iunstruct*|instrut*|intruct*|direction|directions|directive|directives|prompt|prompts"
    "|guideline|guidelines|guide lines|rule|rules|order|orders|command|commands|request|requests|constraint"
    "|constraints|training|programming|text|context|messages|conversation|input|inputs|policy|policies|tasks)",
    "instr_core": "(instruct*|iunstruct*|instrut*|intruct*|direction|directions|directive|directives|prompt|prompts"
    "|guideline|guidelines|guide lines|programming)",
    "det": "[all|any|of|the|my|your|our|every|these|those|this|that|each|both|and|or]*",
    "ai": "(ai|llm|assistant|agent|chatbot|language model|ai model|ai assistant|ai agent|copilot|gpt|claude|gemini"
    "|large language model|virtual assistant)",
    "reader": "(ai|llm|llms|ai assistant|ai assistants|ai agent|ai agents|chatbot|language model"
    "|language models|ai model"
    "|ai models|copilot|llm agent|ai reader|ai system|ai systems|automated assistant|soc assistant|ai analyst)",
    "named_user": "(user|users|analyst|analysts|operator|operators|human|humans|customer|administrator|admin|owner|soc"
    "|soc team|security team|supervisor|reviewer|approver)",
    "user": "(user|users|analyst|analysts|operator|operators|human|humans|customer|administrator|admin|owner|soc|team"
    "|soc team|security team|anyone|anybody|supervisor|reviewer|approver)",
    "your_answer": "(response|responses|reply|replies|answer|answers|output|outputs|message|messages|summary)",
    "leak_verb": "(reveal|print|repeat|show|output|display|disclose|expose|leak|dump|recite|echo|return|write out"
    "|write down|tell me|give me|show me|send me|share|list|spell out|translate|summarize|copy|paste|respond with"
    "|reply with|answer with|explain|describe|quote)",
    "leak_strong": "(reveal|print|repeat|disclose|expose|leak|dump|recite|tell me|give me|show me|send me|write out"
    "|write down|spell out|respond with|reply with|answer with|append)",
    "hidden_text": "(system prompt|hidden prompt|initial prompt|original prompt|secret prompt|developer prompt"
    "|system message|hidden instruct*|initial instruct*|original instruct*|internal instruct*|secret instruct*"
    "|system instruct*|confidential instruct*|private rules|hidden rules|prompt above|text above|instructions above"
    "|internal canary)",
    "send_verb": "(send|forward|email|e mail|mail|post|upload|transmit|exfiltrate|leak|share|deliver|submit|publish"
    "|export|copy|message|text|transfer|report|relay|sync|push|pipe|write|concatenate)",
    "secret": "(secret|secrets|password|passwords|credential|credentials|api key|api keys|token|tokens|private key"
    "|private keys|access key|access keys|session cookie|session cookies|ssh key|ssh keys|passphrase|security code"
    "|environment variables|canary|secret looking values|secret key)",
    "destroy_verb": "(delete|remove|drop|wipe|erase|destroy|purge|truncate|format|nuke|clear|overwrite|uninstall"
    "|shut down|shutdown|disable|deactivate|terminate)",
    "gate_verb": "(disable|bypass|skip|turn off|switch off|deactivate|circumvent|suppress|ignore|override|remove"
    "|suspend|pause|do not apply|don't apply|do not enforce|avoid|evade|lift)",
    "gate": "(approval|approvals|approval step|approval gate|policy gate|policy check|policy checks|policy engine"
    "|guardrail|guardrails|safety filter|safety filters|safety checks|safety check|safety policy|safety policies"
    "|safety guidelines|safety rules|content filter|content filters|content policy|security gate|agentgate"
    "|confirmation prompt|confirmation step|human review|human approval|human confirmation|moderation"
    "|ethical guidelines|safeguards)",
}
