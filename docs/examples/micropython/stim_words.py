"""What a device says of itself: fields of its answers, its reports and its info."""


def status(device) -> dict:
    """Return its report, with what it has counted and the time."""
    found = words(device)
    session = device.tenancy.session if device.state == "live" else device.clocks.heard
    clock = device.clocks.time_of(session, device.now_us)
    found["session"], found["state"] = device.tenancy.newest_session or None, device.state
    found["charge_uc"], found["on_s"] = device.counts.charge_uc(), device.counts.on_s()
    found["counted_since_s"] = device.now_us / 1e6
    found["said_us"] = 0
    if clock is not None:
        device.reported_clock = max(device.reported_clock, session)
        found["said_us"] = device.now_us + clock[0]
        found["said_uncertainty_us"], found["said_clock"] = clock[1], session
        found["clock_asked_us"] = device.clocks.asked_us(session)
    return found


def words(device) -> dict:
    """Return what every answer and report holds, with the next number."""
    device.word += 1
    return {
        "instance": device.instance,
        "word": device.word,
        "last_seq": device.last_seq,
        "program": device.output.program,
        "applied_level" if device.is_level else "applied_ma": device.output.amount,
    }


def info(device, word: int, state: str, reason: str) -> dict:
    """Return its description of itself."""
    table, limits = device.table, device.table["limits"]
    found = {
        "device": table["id"],
        "instance": device.instance,
        "word": word,
        "state": state,
        "reason": reason,
        "last_seq": device.last_seq,
        "session": device.tenancy.newest_session or None,
        "simulated": table["simulated"],
        "firmware": "micropython example 1",
        "programs": list(table.get("programs", {})),
        "safe_program": device.safe_program,
        "program": device.output.program,
        "off_when_unpowered": True,
        "limits": {
            "triggers_per_s_max": limits["triggers_per_min_max"] / 60.0,
            "on_time_s_max": limits["on_time_s_max"],
        },
    }
    for name in ("amplitude_ma_max", "slew_ma_per_s_max", "charge_uc_per_10_min_max",
                 "level_max", "level_slew_per_s_max"):  # fmt: skip
        if limits.get(name) is not None:
            found["limits"][name] = limits[name]
    unit = "level" if device.is_level else "ma"
    found["safe_" + unit] = device.counts.safe
    found["stop_" + unit] = device.stop_amount
    found["applied_" + unit] = device.output.amount
    if table.get("amount_tolerance") is not None:
        found["amount_tolerance"] = table["amount_tolerance"]
    return found
