"""Session reports of Medtronic's Percept, as its programmer writes them in JSON."""
