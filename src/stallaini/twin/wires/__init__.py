"""The house's faces: what its devices say on CAN, SCOM and RS485."""
