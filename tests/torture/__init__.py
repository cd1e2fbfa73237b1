"""What disks, signals, people and other files may do to halodeck, often; `make torture` tells what came of it."""
