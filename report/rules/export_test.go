package rules

// What the tests, which use reporttest and so stand outside of this package, need
// of its inside.
var (
	TimeFigures = timeFigures
	UnboundBy   = unboundBy
)
