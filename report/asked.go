package report

import (
	"fmt"
	"math"
	"strconv"

	"brunt/payloads"
)

// enough is how much of the length asked for answers must have on average.
const enough = 0.95

// shortAnswers tells that answers came shorter than the bodies ask for; "" where
// they did not, or where that is not known: the endpoint must have stated the
// tokens of every answer, of which there is one a request.
func (r *Report) shortAnswers(asked payloads.Asked) string {
	answers, tokens := uint64(0), uint64(0)
	if s := r.Stream; s != nil {
		if s.TokensBy.Usage != s.Streams || s.Choices > s.Streams {
			return ""
		}
		answers, tokens = s.Streams, s.OutputTokens
	}
	if u := r.Usage; u != nil {
		answers, tokens = answers+u.Replies, tokens+u.OutputTokens
	}
	if asked.Bodies == 0 || answers == 0 || answers != r.Requests.Succeeded {
		return ""
	}
	want := asked.Mean
	if answers < uint64(asked.Bodies) { // only some of the bodies were sent
		want = float64(asked.Least)
	}
	got := float64(tokens) / float64(answers)
	if got >= enough*want {
		return ""
	}
	text := fmt.Sprintf(
		"answers came shorter than asked: %s output tokens on average (%d answers), and the bodies' limit is %s",
		oneDigit(got),
		answers,
		oneDigit(want),
	)
	if asked.Forced {
		return text + ", although they set ignore_eos or min_tokens: this endpoint does not heed it, or ends answers for a reason of its own"
	}
	return text + "; a model may end an answer before: for answers of that length add ignore_eos or min_tokens to the bodies " +
		"(brunt payloads make --ignore-eos), where the server knows them"
}

// oneDigit writes a mean number of tokens.
func oneDigit(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }
