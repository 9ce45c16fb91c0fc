def fit(x):
    """Pictures fitted to the network's input: up to 8 missing pixels are padded, other sizes scaled."""
    channels, height, width = DATA["pictures"]
    if x.shape[1] == 3 and channels == 1:
        grey = sum(
            share * x[:, n : n + 1] for n, share in enumerate((0.299, 0.587, 0.114))
        )
        x = grey.round().to(torch.uint8)
    elif x.shape[1] != channels:
        x = x.expand(-1, channels, -1, -1)
    down, right = height - x.shape[2], width - x.shape[3]
    if 0 <= down <= 8 and 0 <= right <= 8:
        return F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2))
    parts = (
        F.interpolate(part.float(), (height, width), mode="bilinear", antialias=True)
        for part in x.split(1024)
    )
    return torch.cat([part.round().clamp(0, 255).to(torch.uint8) for part in parts])


def parts_of(x, y, test_x=None, test_y=None):
    """Both parts, fitted. Where there is no test part, every sixth picture of a permutation is."""
    x, y = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    if test_x is None:
        chosen = torch.zeros(len(y), dtype=torch.bool)
        chosen[random_numbers("parts", "test").permutation(len(y))[::6].copy()] = True
        x, y, test_x, test_y = x[~chosen], y[~chosen], x[chosen], y[chosen]
    else:
        test_x, test_y = (
            torch.from_numpy(test_x),
            torch.from_numpy(test_y.astype(np.int64)),
        )
    return fit(x), y, fit(test_x), test_y, 1 / 255
