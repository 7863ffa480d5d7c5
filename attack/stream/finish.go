package stream

import "bytes"

// FinishReason says why a model ended its answer, in the words that the OpenAI API has
// for it. The set is closed: what an endpoint says beyond it is FinishOther.
type FinishReason uint8

// The finish reasons.
const (
	FinishUnknown       FinishReason = iota // none was told
	FinishStop                              // the model had nothing more to say, or met a stop sequence
	FinishLength                            // the answer reached its most tokens, or the context its end
	FinishContentFilter                     // it was withheld, or the model refused
	FinishToolCalls                         // it ends with calls of tools
	FinishAborted                           // the server gave the request up
	FinishError                             // the server failed
	FinishOther                             // any other word

	FinishReasons // how many there are: the length of an array by FinishReason
)

var finishNames = [FinishReasons]string{
	"unknown", "stop", "length", "content_filter", "tool_calls", "abort", "error", "other",
}

// String is the reason's name in reports: content_filter.
func (r FinishReason) String() string { return finishNames[r] }

// Failed reports whether an answer with the reason is none: it was aborted, or an error
// ended it.
func (r FinishReason) Failed() bool { return r == FinishAborted || r == FinishError }

// finishWords are the words of all dialects, in lower case; Databricks, vLLM and SGLang
// have OpenAI's. The comments name who else has a word.
var finishWords = map[string]FinishReason{
	"stop":                          FinishStop,
	"eos":                           FinishStop, // llama.cpp
	"word":                          FinishStop, // llama.cpp: a stop word
	"eos_token":                     FinishStop, // TGI
	"stop_sequence":                 FinishStop, // TGI, Anthropic, Cohere
	"end_turn":                      FinishStop, // Anthropic
	"complete":                      FinishStop, // Cohere
	"completed":                     FinishStop, // OpenAI Responses
	"finish":                        FinishStop, // Titan
	"finished":                      FinishStop,
	"end_of_turn":                   FinishStop,
	"length":                        FinishLength,
	"limit":                         FinishLength, // llama.cpp
	"max_tokens":                    FinishLength, // Anthropic, Cohere, Gemini
	"max_output_tokens":             FinishLength, // OpenAI Responses
	"model_length":                  FinishLength, // Mistral
	"model_context_window_exceeded": FinishLength, // Anthropic
	"content_filter":                FinishContentFilter,
	"content_filtered":              FinishContentFilter, // Bedrock
	"guardrail_intervened":          FinishContentFilter, // Bedrock
	"refusal":                       FinishContentFilter, // Anthropic
	"sensitive":                     FinishContentFilter, // GLM
	"safety":                        FinishContentFilter, // Gemini, as the next ones
	"recitation":                    FinishContentFilter,
	"blocklist":                     FinishContentFilter,
	"prohibited_content":            FinishContentFilter,
	"spii":                          FinishContentFilter,
	"image_safety":                  FinishContentFilter,
	"image_prohibited_content":      FinishContentFilter,
	"image_recitation":              FinishContentFilter,
	"tool_calls":                    FinishToolCalls,
	"tool_use":                      FinishToolCalls, // Anthropic
	"tool_call":                     FinishToolCalls, // Cohere
	"function_call":                 FinishToolCalls,
	"cancelled":                     FinishAborted, // OpenAI Responses
	"canceled":                      FinishAborted,
	"insufficient_system_resource":  FinishError, // DeepSeek
	"timeout":                       FinishError, // Cohere
	"failed":                        FinishError, // OpenAI Responses
}

// longestFinish is more bytes than the longest of finishWords has.
const longestFinish = 40

// finishOf reads a finish reason as an endpoint writes it; an empty word is none. Any
// word that speaks of an abort or an error is one.
func finishOf(word []byte) FinishReason {
	if len(word) == 0 {
		return FinishUnknown
	}
	var room [longestFinish]byte
	lower := room[:0]
	for _, c := range word[:min(len(word), longestFinish)] {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower = append(lower, c)
	}
	if reason, known := finishWords[string(lower)]; known {
		return reason
	}
	switch {
	case bytes.HasPrefix(lower, []byte("abort")):
		return FinishAborted
	case bytes.HasPrefix(lower, []byte("error")), bytes.HasSuffix(lower, []byte("error")):
		return FinishError
	}
	return FinishOther
}
