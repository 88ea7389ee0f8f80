"""A configuration's JSON Schema as people write it: decimals are plain numbers, in limits and defaults too."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class PlainNumbers(GenerateJsonSchema):
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        def bound(name: Literal["ge", "gt", "le", "lt"]) -> int | float | None:
            return _number(Decimal(schema[name])) if name in schema else None

        return self.float_schema(
            core_schema.float_schema(ge=bound("ge"), gt=bound("gt"), le=bound("le"), lt=bound("lt"))
        )

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(value) for name, value in dft}
        return _number(dft) if isinstance(dft, Decimal) else super().encode_default(dft)


def config_schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(schema_generator=PlainNumbers)


def _number(value: Decimal) -> int | float:
    """JSON knows no other numbers; the shortest float of a short decimal has its digits."""
    return int(value) if value == value.to_integral_value() else float(value)
