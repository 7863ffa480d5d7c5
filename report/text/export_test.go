package text

// Style is an escape code, for the tests.
type Style = style

// The styles, for the tests.
const (
	Bold      = bold
	Dim       = dim
	Red       = red
	Green     = green
	Yellow    = yellow
	Loud      = loud
	ResetCode = resetCode
)
