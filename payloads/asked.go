package payloads

import (
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// How much Asked looks at: enough for a mean, and milliseconds of work.
const (
	maxAskedBodies = 10_000
	maxAskedBytes  = 16 << 20
)

// Asked is how long answers may be by what the first bodies of a run ask of a
// language model.
type Asked struct {
	Bodies int     // that were looked at, each of which names a limit; 0 where one does not
	Least  int     // the smallest limit of tokens
	Mean   float64 // of the limits
	Forced bool    // each body wants that many: by ignore_eos, or min_tokens as high
}

// Asked looks at the first bodies that a run sends, a bounded number. It is zero
// for sets of sessions, whose later turns follow no order that is known before.
func (s *Set) Asked() (a Asked) {
	lines := 1
	if s.fixed == nil {
		lines = 0
		for _, src := range s.sources {
			if src.sessions != nil {
				return Asked{}
			}
			lines += len(src.spans)
		}
	}
	sum, bytes := 0, 0
	a.Forced = true
	err := file.Guard(func() error {
		for ; a.Bodies < min(lines, maxAskedBodies) && bytes < maxAskedBytes; a.Bodies++ {
			body := s.Plain(uint64(a.Bodies))
			limit, least, forced := asks(body)
			if limit == 0 {
				a = Asked{}
				return nil
			}
			if a.Bodies == 0 || limit < a.Least {
				a.Least = limit
			}
			a.Forced = a.Forced && (forced || least >= limit)
			sum += limit
			bytes += len(body)
		}
		return nil
	})
	if err != nil || a.Bodies == 0 {
		return Asked{}
	}
	a.Mean = float64(sum) / float64(a.Bodies)
	return a
}

// asks is what one body asks for: at most and at least so many tokens, and
// whether the model may end the answer itself.
func asks(body []byte) (limit, least int, forced bool) {
	jsonscan.EachMember(body, min(jsonscan.SkipSpace(body, 0), len(body)), 1, func(rawKey, value []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		n, isNumber := jsonscan.Decimal(value, 0)
		if isNumber = isNumber && n > 0 && n < 1<<31; !isNumber {
			n = 0
		}
		switch string(key) {
		case "max_tokens", "max_completion_tokens", "max_output_tokens":
			limit = int(n)
		case "min_tokens":
			least = int(n)
		case "ignore_eos":
			forced = string(value) == "true"
		}
		return ""
	})
	return limit, least, forced
}
