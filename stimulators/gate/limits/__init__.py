"""The limits that add up: charge, time above safe, rises, commands, triggers and slew."""
