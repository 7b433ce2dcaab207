"""Classified fields: what a model is never shown in the clear, whatever a search returns (R12).

The value is replaced by its class, so that a row still says that the field was there. Matching is
by field name, as data catalogues do it; free text is the business of `redact`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgate_mcp.model.call import Json

CLASSES: Mapping[str, str] = {
    # PCI DSS: cardholder and sensitive authentication data.
    **dict.fromkeys(("card_number", "cardnumber", "pan", "cc_number", "cvv", "cvc", "track_data", "iban"), "payment"),
    # HIPAA 45 CFR 164.514(b)(2): identifiers of a patient.
    **dict.fromkeys(
        ("patient_name", "patient_id", "medical_record_number", "mrn", "diagnosis", "health_plan_id"), "health"
    ),
    **dict.fromkeys(
        ("ssn", "social_security_number", "national_id", "passport_number", "date_of_birth", "dob", "home_address"),
        "personal",
    ),
}
"""Field name in lower case -> class."""


def mask_classified(value: Json) -> Json:
    """``value`` with the values of classified fields replaced by `[masked:class]`.

    Results are shallow, so recursion is bounded by the depth that strict JSON allows."""
    match value:
        case dict():
            return {k: _masked(k, v) for k, v in value.items()}
        case list():
            return [mask_classified(v) for v in value]
        case _:
            return value


def _masked(name: str, value: Json) -> Json:
    kind = CLASSES.get(name.lower().rpartition(".")[2])
    return f"[masked:{kind}]" if kind is not None and value not in (None, "") else mask_classified(value)
