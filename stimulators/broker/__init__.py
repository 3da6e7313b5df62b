"""The MQTT brokers: the embedded one of demos, and the set-up of a hardened mosquitto."""
