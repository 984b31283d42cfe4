"""What schemathesis.toml cannot say: which tensors exist, for parameters that are lists."""

import schemathesis

KNOWN = {
    "tensor": ["embeddings.LayerNorm.weight", "pooler.dense.bias", "encoder.layer.0.attention.self.query.weight"],
    "prefix": ["pooler.", "encoder.layer.0.attention.", "embeddings.LayerNorm"],
}


@schemathesis.hook
def map_query(context, query):
    """Puts names that exist in the place of most that were made up."""
    if query is None or context.operation.definition.raw.get("operationId") != "getTensors":
        return query
    for name, known in KNOWN.items():
        values = query.get(name)
        if isinstance(values, list) and all(isinstance(value, str) for value in values):
            # By length, so that the same seed asks for the same; every fourth stays made up.
            query[name] = [value if len(value) % 4 == 3 else known[len(value) % 4] for value in values]
    return query
