"""A vibration motor as a device of a rig: python motor.py RIG.toml ID PWM_FILE."""

import asyncio
import sys
from pathlib import Path

from stimloop import config
from stimloop.rigs.device_keys import load_device_keys
from stimloop.rigs.reference_devices import run_devices


class Motor:
    """Gets each amount of the reference device; an OSError raised here ends the device."""

    def __init__(self, pwm: Path) -> None:
        self.pwm = pwm  # where Linux takes the nanoseconds of each 1 ms that the pin is high

    def give(self, amount: float, program: str) -> None:  # every few ms, changed or not
        self.pwm.write_text(f"{amount * 1e6:.0f}")

    fire = give  # a trigger is a pulse until the next `give`

    cut = give  # ends what a trigger began, too

    def close(self) -> None:
        self.give(0.0, "")


async def main(rig_file: str, device_id: str, pwm: str) -> None:
    rig = config.load(Path(rig_file))
    mine = [each for each in rig.devices if each.id == device_id]
    keys, motor = load_device_keys(rig, [device_id]), Motor(Path(pwm))
    await run_devices(mine, broker=rig.broker, rig=rig.rig.name, memory=Path("memory"), told=print,
                      ready=lambda: None, keys_of=lambda _: keys[device_id],
                      hardware_of=lambda _: motor)  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
