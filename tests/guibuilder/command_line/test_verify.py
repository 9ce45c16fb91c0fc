"""`verify`: right gradients pass, a wrong one is named."""

from guibuilder.command_line import verify


def test_verify(command, batch):
    found = command("verify", batch / "net.json", "--json")
    assert list(found.json) == ["layers", "worst"]
    assert list(found.json["layers"][0]) == ["layer", "parameter", "relative_error", "checked", "skipped"]
    assert found.json["worst"] < 1e-7
    assert found.json["worst"] == max(layer["relative_error"] for layer in found.json["layers"])
    assert "Largest relative error" in command("verify", batch / "net.json", "--seed", 5).out


def test_verify_fails_where_a_gradient_is_wrong(command, batch, monkeypatch):
    from core.layers.activation import ReLU

    forward = ReLU.forward

    def wrong(self, weights, inputs, run):
        y, backward = forward(self, weights, inputs, run)
        return y, lambda dy: backward(dy * 1.001)

    monkeypatch.setattr(ReLU, "forward", wrong)
    found = command("verify", batch / "net.json")
    assert (found.status, "C1.weight" in found.err) == (1, True)
    assert verify.NAME == "verify"
