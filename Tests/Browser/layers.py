"""Where in a model a tensor is, as its name says, and the figures that pages have of that."""
import math

from registry import bytes_text, share_text


def position(name):
    """`encoder.layer.3.attention.self.key.weight`: layer 3, attention.self.key. None for what is in no layer."""
    parts = name.split(".")
    place = next((index for index, part in enumerate(parts) if part.isdecimal()), 0)
    if place == 0:
        return None
    rest = ["*" if part.isdecimal() else part for part in parts[place + 1:]]
    if len(rest) > 1 and rest[-1] in ("weight", "bias"):
        rest.pop()
    return f"layer {int(parts[place])}, {'.'.join(rest) or 'weight'}"


def cells(tensors):
    """The tensors of layers, by layer and projection."""
    found = {}
    for tensor in tensors:
        place = position(tensor["name"])
        if place:
            found.setdefault(place, []).append(tensor)
    return found


def outside(tensors):
    return [tensor["name"] for tensor in tensors if position(tensor["name"]) is None]


def stored(tensors):
    return bytes_text(sum(tensor["storedBytes"] for tensor in tensors))


def density(tensors):
    bits = 8 * sum(tensor["storedBytes"] for tensor in tensors) / sum(math.prod(tensor["shape"]) for tensor in tensors)
    return f"{bits:.{2 if bits < 1 else 1}f}"


def change(tensors):
    """Of tensors as a comparison has them: of all of them or none."""
    if all(tensor["kind"] == "same" for tensor in tensors):
        return "0"
    if not all("squaredChange" in tensor for tensor in tensors):
        return None
    whole = sum(tensor["squaredValue"] for tensor in tensors)
    return share_text(math.sqrt(sum(tensor["squaredChange"] for tensor in tensors) / whole)) if whole else None


def error(tensors):
    known = [tensor["quality"] for tensor in tensors if tensor.get("quality")]
    whole = sum(quality["weightSquares"] for quality in known)
    return share_text(math.sqrt(sum(quality["errorSquares"] for quality in known) / whole)) if whole else None


def texts(tensors, figure):
    """What the cells of a picture say, where there is something to say."""
    found = {place: figure(group) for place, group in cells(tensors).items()}
    return {place: text for place, text in found.items() if text is not None}
