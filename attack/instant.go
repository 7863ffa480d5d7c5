package attack

import "brunt/attack/clock"

// Instant is a moment of a run: nanoseconds since the origin of the run's clock, which
// is read when Start begins, shortly before the first request is planned.
type Instant = clock.Instant

// never is the end of a run whose plan has no duration.
const never = clock.Never
