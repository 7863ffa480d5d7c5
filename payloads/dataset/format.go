package dataset

import (
	"bytes"
	"slices"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// Format is how a dataset is written.
type Format string

// The formats, with the places that describe them.
const (
	// ShareGPT: objects with conversations, a list of {"from","value"}, or with
	// messages, a list of {"role","content"}; in one JSON array or one a line.
	// (huggingface.co/datasets/anon8231489123/ShareGPT_Vicuna_unfiltered)
	ShareGPT Format = "sharegpt"
	// AIPerf: objects with text or texts, or with turns of such objects, one a
	// line. (ai-dynamo/aiperf: docs/tutorials/custom-dataset.md and
	// src/aiperf/dataset/loader/models.py, SingleTurn and MultiTurn)
	AIPerf Format = "aiperf"
	// Mooncake: requests by their lengths and the blocks of their prompts.
	// (kvcache-ai/Mooncake: FAST25-release/traces; what AIPerf adds to it is in
	// its docs/benchmark-modes/trace-replay.md)
	Mooncake Format = "mooncake"
	// Bailian: the same with other units. (ai-dynamo/aiperf:
	// docs/tutorials/bailian-trace.md)
	Bailian Format = "bailian"
	// Azure: CSV with TIMESTAMP, ContextTokens and GeneratedTokens.
	// (Azure/AzurePublicDataset: AzureLLMInferenceDataset2023.md)
	Azure Format = "azure"
	// BurstGPT: CSV with Timestamp, Model, Request tokens and Response tokens.
	// (HPMLL/BurstGPT: README.md)
	BurstGPT Format = "burstgpt"
	// VLLM: the prompts of vLLM's custom dataset, objects with prompt and
	// output_tokens; also lines that are strings, or objects with messages.
	// (vllm-project/vllm: vllm/benchmarks/datasets, CustomDataset)
	VLLM Format = "vllm"
)

// Formats lists all.
var Formats = []Format{ShareGPT, AIPerf, Mooncake, Bailian, Azure, BurstGPT, VLLM}

// maxHead is how much of a file Detect looks at for its first row.
const maxHead = 64 << 20

// Detect recognises the format by the first row; "" when it is none of them, or
// a list of prompts that only its reader knows as such.
func Detect(data []byte) Format {
	data = data[file.TextStart(data):]
	at := jsonscan.SkipSpace(data, 0)
	data = data[at:min(len(data), at+maxHead)]
	switch {
	case jsonscan.IsAt(data, 0, '['):
		at := jsonscan.SkipSpace(data, 1)
		if end := jsonscan.SkipValue(data, at, 1); end >= 0 {
			return detectObject(data[at:end], true)
		}
	case jsonscan.IsAt(data, 0, '{'):
		first, _ := file.CutLine(data, 0)
		if jsonscan.Valid(first) {
			return detectObject(first, false)
		}
	default:
		first, _ := file.CutLine(data, 0)
		return detectHeader(string(first[:min(len(first), 64<<10)]))
	}
	return ""
}

// detectObject recognises an object by its keys. In an array of objects those
// with messages are conversations; on lines of their own they are prompts.
func detectObject(object []byte, inArray bool) Format {
	if !jsonscan.IsAt(object, 0, '{') {
		return ""
	}
	var keys []string
	jsonscan.EachMember(object, 0, 1, func(rawKey, _ []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		keys = append(keys, string(key))
		return ""
	})
	has := func(list ...string) bool {
		return slices.ContainsFunc(list, func(key string) bool { return slices.Contains(keys, key) })
	}
	switch {
	case has("conversations"):
		return ShareGPT
	case has("turns"):
		return AIPerf
	case has("chat_id") && has("input_length"):
		return Bailian
	case has("input_length", "text_input", "hash_ids"):
		return Mooncake
	case has("messages", "payload") && has("output_length", "timestamp", "delay", "session_id", "message_mode"):
		return Mooncake
	case has("messages") && inArray:
		return ShareGPT
	case has("text", "texts") && !has("prompt", "messages"):
		return AIPerf
	case has("prompt") && has("output_tokens"):
		return VLLM
	}
	return ""
}

// detectHeader recognises CSV by the names of its columns.
func detectHeader(header string) Format {
	var names []string
	for name := range strings.SplitSeq(strings.ReplaceAll(header, `"`, ""), ",") {
		names = append(names, columnName(name))
	}
	for _, format := range []Format{Azure, BurstGPT} {
		if needed := csvColumns[format]; !slices.ContainsFunc([]string{needed.at, needed.input, needed.output},
			func(name string) bool { return !slices.Contains(names, columnName(name)) }) {
			return format
		}
	}
	return ""
}

func columnName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// isArray reports whether the file is one JSON array of objects.
func isArray(data []byte) bool {
	at := jsonscan.SkipSpace(data, file.TextStart(data))
	if !jsonscan.IsAt(data, at, '[') {
		return false
	}
	rest := data[jsonscan.SkipSpace(data, at+1):]
	return bytes.HasPrefix(rest, []byte("{")) || bytes.HasPrefix(rest, []byte("]"))
}
