"""Work on machines that are shared by a queue: sites, job scripts, the scheduler's word about a job."""
