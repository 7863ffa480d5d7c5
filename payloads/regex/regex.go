package regex

import (
	"regexp"
	"sync"
)

// Lazy is the expression, compiled by the first call. A wrong expression panics then.
func Lazy(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
