"""What is allowed and sent: policies, the safety gate, the wire, the reference device."""
