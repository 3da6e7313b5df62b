"""Sessions of Medtronic's Summit RC+S: a folder of JSON files, as its research software writes."""
