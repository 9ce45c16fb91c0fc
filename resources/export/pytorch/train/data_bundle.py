def load_data(path):
    """Pictures N×C×H×W, labels, those of the test part, and the scale of the pixels."""
    path = path or HERE / "data.npz"
    if not path.is_file():
        raise SystemExit(
            f"There is no {path}: arrays x_train (N×C×H×W), y_train, x_test, y_test, scale."
        )
    with np.load(path) as arrays:
        x, y, test_x, test_y = (
            torch.from_numpy(arrays[name])
            for name in ("x_train", "y_train", "x_test", "y_test")
        )
        return x, y, test_x, test_y, float(arrays["scale"])
