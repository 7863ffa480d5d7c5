package results

import (
	"net/http"
	"strconv"
	"time"

	"brunt/attack"
	"brunt/report/format"
)

// field is one figure of a reply's answer: a column of CSV with a header, and a
// header of a result in vegeta's formats, which have no place of their own for it
// (vegeta's CSV has exactly its own twelve columns).
type field struct {
	column, header string
	of             func(in *attack.Record, a *attack.Answer) (value string, ok bool)
	time           bool // value is nanoseconds, in the column milliseconds
}

// answerFields are the figures of answers, in the order of their columns.
var answerFields = []field{
	since("first_chunk", "First-Chunk", func(a *attack.Answer) time.Duration { return a.FirstChunk }),
	since("ttft", "Ttft", func(a *attack.Answer) time.Duration { return a.First }),
	since("first_visible", "First-Visible", func(a *attack.Answer) time.Duration { return a.FirstVisible }),
	since("end_to_end", "End-To-End", func(a *attack.Answer) time.Duration { return a.Last }),
	{"tpot_ms", "Brunt-Tpot-Ns", func(_ *attack.Record, a *attack.Answer) (string, bool) {
		return strconv.FormatInt(int64(a.TPOT), 10), a.HasTPOT
	}, true},
	number("chunks", "Chunks", func(a *attack.Answer) int64 {
		if !a.Streamed {
			return -1
		}
		return int64(a.Chunks)
	}),
	number("choices", "Choices", func(a *attack.Answer) int64 {
		if !a.Streamed {
			return -1
		}
		return int64(a.Choices)
	}),
	number("output_tokens", "Output-Tokens", func(a *attack.Answer) int64 { return a.OutputTokens }),
	text("tokens_by", "Tokens-By", func(a *attack.Answer) string { return a.TokensBy }),
	number("prompt_tokens", "Prompt-Tokens", func(a *attack.Answer) int64 { return a.PromptTokens }),
	number("reasoning_tokens", "Reasoning-Tokens", func(a *attack.Answer) int64 { return a.ReasoningTokens }),
	number("cached_tokens", "Cached-Tokens", func(a *attack.Answer) int64 { return a.CachedTokens }),
	text("finish_reason", "Finish-Reason", func(a *attack.Answer) string { return a.Finish }),
	text("served_model", "Served-Model", func(a *attack.Answer) string { return a.Model }),
}

// since is a time from the first byte sent to an instant of a stream.
func since(column, header string, of func(*attack.Answer) time.Duration) field {
	return field{column + "_ms", "Brunt-" + header + "-Ns", func(in *attack.Record, a *attack.Answer) (string, bool) {
		return strconv.FormatInt(int64(of(a)-in.Sent), 10), of(a) != 0 && in.Sent > 0
	}, true}
}

// number is a count, below 0 where there is none.
func number(column, header string, of func(*attack.Answer) int64) field {
	return field{column, "Brunt-" + header, func(_ *attack.Record, a *attack.Answer) (string, bool) {
		return strconv.FormatInt(of(a), 10), of(a) >= 0
	}, false}
}

func text(column, header string, of func(*attack.Answer) string) field {
	return field{column, "Brunt-" + header, func(_ *attack.Record, a *attack.Answer) (string, bool) {
		return of(a), of(a) != ""
	}, false}
}

// cells are the figures of a record's answer, by their place in answerFields; those
// that it lacks are empty. hide takes secrets out of what the endpoint says.
func cells(into []string, in *attack.Record, hide func(string) string) {
	clear(into)
	if in.Answer == nil {
		return
	}
	for i := range answerFields {
		if value, ok := answerFields[i].of(in, in.Answer); ok {
			into[i] = value
		}
	}
	for _, i := range said {
		into[i] = hide(format.UTF8(into[i]))
	}
}

// said are the places of what the endpoint says in words.
var said = [...]int{fieldAt("finish_reason"), fieldAt("served_model")}

func fieldAt(column string) int {
	for i := range answerFields {
		if answerFields[i].column == column {
			return i
		}
	}
	panic("results: no field " + column)
}

// answerOf reads an answer back from a result's headers; nil where they hold
// nothing of one. Its instants count from the first byte sent.
func answerOf(h http.Header) *attack.Answer {
	a := attack.Answer{OutputTokens: -1, PromptTokens: -1, ReasoningTokens: -1, CachedTokens: -1}
	any := false
	read := func(column string) (int64, bool) {
		n, err := strconv.ParseInt(h.Get(answerFields[fieldAt(column)].header), 10, 64)
		any = any || err == nil
		return n, err == nil
	}
	instant := func(column string, into *time.Duration) bool {
		n, ok := read(column)
		*into = time.Duration(n)
		return ok
	}
	count := func(column string, into *int64) {
		if n, ok := read(column); ok && n >= 0 {
			*into = n
		}
	}
	a.Streamed = instant("first_chunk_ms", &a.FirstChunk)
	instant("ttft_ms", &a.First)
	instant("first_visible_ms", &a.FirstVisible)
	instant("end_to_end_ms", &a.Last)
	a.HasTPOT = instant("tpot_ms", &a.TPOT)
	var chunks, choices int64
	count("chunks", &chunks)
	count("choices", &choices)
	a.Chunks, a.Choices = uint64(chunks), uint64(choices)
	count("output_tokens", &a.OutputTokens)
	count("prompt_tokens", &a.PromptTokens)
	count("reasoning_tokens", &a.ReasoningTokens)
	count("cached_tokens", &a.CachedTokens)
	words := func(column string) string { return h.Get(answerFields[fieldAt(column)].header) }
	a.TokensBy, a.Finish, a.Model = words("tokens_by"), words("finish_reason"), words("served_model")
	if !any && a.Finish == "" && a.Model == "" {
		return nil
	}
	return &a
}
