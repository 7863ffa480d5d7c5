package mock

import (
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// replyParts is what replies are put together from, made once.
type replyParts struct {
	name   string
	tokens int    // of the longest answer
	text   string // of the longest answer, wordLength bytes per token
	vector string // JSON of one embedding
}

// wordLength is that of each word with its space, one token each: an answer of
// n tokens is a prefix, and the token i of a stream a slice.
const wordLength = 6

// shortAnswer is the tokens of an answer whose length the configuration leaves
// open.
const shortAnswer = 4

// dimensions of an embedding: enough for the shape, cheap to send.
const dimensions = 64

func newReplyParts(c Config) replyParts {
	words := [...]string{"every", "reply", "comes", "after", "delay", "drawn", "under", "seeds"}
	s := replyParts{name: c.Name, tokens: c.Tokens}
	if s.tokens == 0 {
		s.tokens = shortAnswer
	}
	text := make([]byte, 0, s.tokens*wordLength)
	for i := range s.tokens {
		text = append(append(text, words[i%len(words)]...), ' ')
	}
	s.text = string(text)

	vector := []byte{'['}
	for i := range uint64(dimensions) {
		vector = appendFraction(vector, mix(c.Seed+i))
		vector = append(vector, ',')
	}
	vector[len(vector)-1] = ']'
	s.vector = string(vector)
	return s
}

// answer is the text of n tokens, with no space at its end.
func (s *replyParts) answer(n int) string { return s.text[:n*wordLength-1] }

// scratches hold replies while they are put together; fasthttp copies them.
var scratches = sync.Pool{New: func() any { return new([]byte) }}

// maxScratch is the size in bytes up to which a scratch is kept.
const maxScratch = 1 << 20

// reply answers with 200 in the shape of the request.
func (e *endpoint) reply(ctx *fasthttp.RequestCtx, sh shape, id []byte) {
	scratch := scratches.Get().(*[]byte)
	out := (*scratch)[:0]
	switch sh.kind {
	case chat, completion:
		out = e.parts.appendChoices(out, sh, id)
	case embedding:
		out = e.parts.appendEmbeddings(out, sh)
	default:
		out = appendPredictions(out, sh)
	}
	ctx.Response.SetBody(out)
	if cap(out) <= maxScratch {
		*scratch = out
		scratches.Put(scratch)
	}
}

// appendPredictions makes one number per row.
func appendPredictions(out []byte, sh shape) []byte {
	out = append(out, `{"predictions":[`...)
	for i := range sh.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendFraction(out, mix(sh.seed+uint64(i)))
	}
	return append(out, `]}`...)
}

// appendFraction writes a number from 0.000 to 0.999.
func appendFraction(out []byte, random uint64) []byte {
	n := random % 1000
	return append(out, '0', '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

// length is that of the answer to a request, in tokens, and why it ends there.
func (s *replyParts) length(sh *shape) (tokens int, finish string) {
	if sh.limit > 0 && sh.limit < s.tokens {
		return sh.limit, "length"
	}
	return s.tokens, "stop"
}

func (s *replyParts) appendChoices(out []byte, sh shape, id []byte) []byte {
	tokens, finish := s.length(&sh)
	object := `","object":"chat.completion","created":`
	before, after := `,"message":{"role":"assistant","content":"`, `"},"finish_reason":"`
	if sh.kind == completion {
		object = `","object":"text_completion","created":`
		before, after = `,"text":"`, `","finish_reason":"`
	}
	out = append(append(out, `{"id":"`...), id...)
	out = append(out, object...)
	out = strconv.AppendInt(out, time.Now().Unix(), 10)
	out = append(append(out, `,"model":"`...), s.name...)
	out = append(out, `","choices":[`...)
	for i := range sh.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(append(out, `{"index":`...), int64(i), 10)
		out = append(append(out, before...), s.answer(tokens)...)
		out = append(append(append(out, after...), finish...), `"}`...)
	}
	made := tokens * sh.rows
	out = strconv.AppendInt(append(out, `],"usage":{"prompt_tokens":`...), int64(sh.prompt), 10)
	out = strconv.AppendInt(append(out, `,"completion_tokens":`...), int64(made), 10)
	out = strconv.AppendInt(append(out, `,"total_tokens":`...), int64(sh.prompt+made), 10)
	return append(out, `}}`...)
}

func (s *replyParts) appendEmbeddings(out []byte, sh shape) []byte {
	out = append(append(out, `{"object":"list","model":"`...), s.name...)
	out = append(out, `","data":[`...)
	for i := range sh.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendInt(append(out, `{"object":"embedding","index":`...), int64(i), 10)
		out = append(append(append(out, `,"embedding":`...), s.vector...), '}')
	}
	out = strconv.AppendInt(append(out, `],"usage":{"prompt_tokens":`...), int64(sh.prompt), 10)
	out = strconv.AppendInt(append(out, `,"total_tokens":`...), int64(sh.prompt), 10)
	return append(out, `}}`...)
}
