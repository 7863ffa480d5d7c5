package generate

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"brunt/payloads/dataset"
	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// ChatOptions say what [Bodies] puts into bodies of chat completions.
type ChatOptions struct {
	// Chat makes a body per prompt. The file is .txt, with a prompt on each
	// line, .csv or .jsonl (see [Bodies]); standard input is text.
	Chat bool `help:"Make a chat completions body per prompt of a .txt (one per line), .csv or .jsonl file."`
	// From is the format of a dataset, such as sharegpt; when empty, or auto, it is
	// recognised by its content. It makes chat bodies.
	From dataset.Format `placeholder:"FORMAT" help:"Dataset to make chat bodies of: sharegpt, aiperf, mooncake, bailian, azure, burstgpt or vllm; recognised unless given. --count is the most bodies then."`
	// Column of a CSV file that holds the prompts; when empty it is the one
	// named prompt, or the only one.
	Column string `placeholder:"NAME" help:"Column of a CSV file that holds the prompts (prompt, or the only one)."`
	// System is the system message, or @ and the name of a file that holds it.
	System string `placeholder:"TEXT|@FILE" help:"System message before each prompt; @FILE reads it from a file."`
	// Model is the body's model, left out when empty.
	Model string `placeholder:"NAME" help:"The body's model."`
	// MaxTokens is the body's max_tokens, left out when 0.
	MaxTokens int `placeholder:"N" help:"The body's max_tokens."`
	// Temperature is the body's temperature, left out when nil.
	Temperature *float64 `placeholder:"X" help:"The body's temperature."`
	// Stream asks for streamed replies, and for their usage: without
	// stream_options.include_usage OpenAI-like servers stream no token counts.
	Stream bool `env:"BRUNT_CHAT_STREAM" help:"Ask for streamed replies, with their token counts (stream_options.include_usage)."`
	// InputTokens makes prompts up, Count of them, instead of reading a file.
	InputTokens draw.Distribution `aliases:"prompt-tokens" placeholder:"'normal(550,150)'" help:"Make up --count prompts of so many tokens, estimated; also 500, uniform(100,1000), lognormal(400,0.6)."`
	// OutputTokens draws each body's max_tokens.
	OutputTokens draw.Distribution `placeholder:"'uniform(50,200)'" help:"Draw each body's max_tokens."`
	// MaxCompletionTokens draws each body's max_completion_tokens, which OpenAI's
	// reasoning models want in place of max_tokens.
	MaxCompletionTokens draw.Distribution `placeholder:"N|'uniform(50,200)'" help:"The body's max_completion_tokens, in place of max_tokens: a number, or drawn as above."`
	// FirstTurn leaves out the later turns of conversations.
	FirstTurn bool `name:"first-turn" help:"Of a dataset's conversations, write only the first turn."`
	// IgnoreEOS lets vLLM, SGLang and others write on to the limit of tokens.
	IgnoreEOS bool `name:"ignore-eos" help:"Set ignore_eos: servers such as vLLM and SGLang then write as many tokens as the limit allows."`
	// ExtraBody is a JSON object whose members each body gets, too.
	ExtraBody string `placeholder:"'{…}'" help:"JSON object whose members each body gets, too, such as '{\"top_p\":0.9}'."`
	// Seed of what is made up or drawn.
	Seed uint64 `default:"1" help:"Seed of what is made up or drawn (${default})."`
}

// used names the first option that only makes sense with Chat, or 0.
func (o *ChatOptions) used() setting.Field {
	switch {
	case o.Column != "":
		return setting.Column
	case o.System != "":
		return setting.System
	case o.Model != "":
		return setting.Model
	case o.MaxTokens != 0:
		return setting.MaxTokens
	case o.Temperature != nil:
		return setting.Temperature
	case o.Stream:
		return setting.Stream
	case o.InputTokens.Given():
		return setting.InputTokens
	case o.OutputTokens.Given():
		return setting.OutputTokens
	case o.MaxCompletionTokens.Given():
		return setting.MaxCompletionTokens
	case o.IgnoreEOS:
		return setting.IgnoreEOS
	case o.ExtraBody != "":
		return setting.ExtraBody
	}
	return 0
}

// checkChat tells which options make no sense together.
func (in *Options) checkChat() error {
	o := &in.ChatOptions
	if !o.Chat {
		if option := o.used(); option != 0 {
			return setting.Errorf("%v belongs to chat bodies: add %v, or leave it out", option, setting.Chat)
		}
		return nil
	}
	switch {
	case len(in.Types) > 0 || in.Unnamed || in.RowsPerRequest > 1:
		return setting.Errorf("%v makes a body per prompt: leave out %v, %v and %v", setting.Chat, setting.Types,
			setting.Unnamed, setting.RowsPerRequest)
	case o.InputTokens.Given() && in.Path != "":
		return setting.Errorf(
			"%v makes prompts up: leave it out, or the file %s",
			setting.InputTokens,
			file.Display(in.Path),
		)
	case o.InputTokens.Given() && in.Count < 1:
		return setting.Errorf("%v makes prompts up: say how many with %v", setting.InputTokens, setting.Count)
	case !o.InputTokens.Given() && in.Path == "":
		return setting.Errorf("no prompts: name a .txt, .csv or .jsonl file, or make them up with %v and %v",
			setting.InputTokens, setting.Count)
	case o.From != "" && o.Column != "":
		return setting.Errorf("%v is for prompts in a table, and %s is a dataset of the format %s: leave it out",
			setting.Column, file.Display(in.Path), o.From)
	case !o.InputTokens.Given() && in.Count > 0 && o.From == "":
		return setting.Errorf("%v with a file of prompts: there is a body for each prompt in it; leave %v out",
			setting.Count, setting.Count)
	case o.MaxTokens < 0:
		return setting.Wrong(setting.MaxTokens, strconv.Itoa(o.MaxTokens), "must be 1 or more")
	case o.MaxTokens > 0 && o.OutputTokens.Given():
		return setting.Errorf("%v and %v both set max_tokens: leave one out", setting.MaxTokens, setting.OutputTokens)
	case o.MaxCompletionTokens.Given() && (o.MaxTokens > 0 || o.OutputTokens.Given()):
		return setting.Errorf("%v stands in place of %v and %v: leave one out", setting.MaxCompletionTokens,
			setting.MaxTokens, setting.OutputTokens)
	case o.Temperature != nil && !(*o.Temperature >= 0 && *o.Temperature <= math.MaxFloat32):
		return setting.Wrong(setting.Temperature, fmt.Sprint(*o.Temperature), "must be 0 or more")
	}
	return nil
}

// systemText is the system message, "" for none. The line end that closes a
// text file is none of it.
func (o *ChatOptions) systemText() ([]byte, error) {
	text := []byte(o.System)
	path, isFile := strings.CutPrefix(o.System, "@")
	if isFile {
		content, err := file.ReadText(path)
		if err != nil {
			return nil, setting.Errorf("%v %w", setting.System, file.OpenError(file.Display(path), err))
		}
		text = []byte(content)
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, newline), []byte{'\r'})
		if len(text) == 0 {
			return nil, setting.Wrong(
				setting.System,
				file.Display(path),
				"empty; leave it out, or write the message into it",
			)
		}
	}
	if i := jsonscan.InvalidUTF8(text); i >= 0 {
		line := 1 + bytes.Count(text[:i], newline)
		return nil, setting.Wrong(setting.System, "", "%w", &file.LineError{File: file.Display(path), Line: line,
			Problem: setting.Textf("not UTF-8: invalid byte 0x%02X", text[i])})
	}
	return text, nil
}
