package generate

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// ChatOptions say what [Bodies] puts into bodies of chat completions.
type ChatOptions struct {
	// Chat makes a body per prompt. The file is .txt, with a prompt on each
	// line, .csv or .jsonl (see [Bodies]); standard input is text.
	Chat bool `help:"Make a chat completions body per prompt of a .txt (one per line), .csv or .jsonl file."`
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
	// Stream asks for streamed replies.
	Stream bool `env:"BRUNT_CHAT_STREAM" help:"Ask for streamed replies."`
	// InputTokens makes prompts up, Count of them, instead of reading a file.
	InputTokens draw.Distribution `placeholder:"'normal(550,150)'" help:"Make up --count prompts of so many tokens, estimated; also 500, uniform(100,1000), lognormal(400,0.6)."`
	// OutputTokens draws each body's max_tokens.
	OutputTokens draw.Distribution `placeholder:"'uniform(50,200)'" help:"Draw each body's max_tokens."`
	// Seed of what is made up or drawn.
	Seed uint64 `default:"1" help:"Seed of what is made up or drawn (${default})."`
}

// used names the first option that only makes sense with Chat, or "".
func (o *ChatOptions) used() string {
	switch {
	case o.Column != "":
		return "--column"
	case o.System != "":
		return "--system"
	case o.Model != "":
		return "--model"
	case o.MaxTokens != 0:
		return "--max-tokens"
	case o.Temperature != nil:
		return "--temperature"
	case o.Stream:
		return "--stream"
	case o.InputTokens.Given():
		return "--input-tokens"
	case o.OutputTokens.Given():
		return "--output-tokens"
	}
	return ""
}

// checkChat tells which options make no sense together.
func (in *Options) checkChat() error {
	o := &in.ChatOptions
	if !o.Chat {
		if name := o.used(); name != "" {
			return fmt.Errorf("%s belongs to chat bodies: add --chat, or leave it out", name)
		}
		return nil
	}
	switch {
	case len(in.Types) > 0 || in.Unnamed || in.RowsPerRequest > 1:
		return errors.New("--chat makes a body per prompt: leave out --type, --unnamed and --rows-per-request")
	case o.InputTokens.Given() && in.Path != "":
		return fmt.Errorf("--input-tokens makes prompts up: leave it out, or the file %s", file.Display(in.Path))
	case o.InputTokens.Given() && in.Count < 1:
		return errors.New("--input-tokens makes prompts up: say how many with --count")
	case !o.InputTokens.Given() && in.Path == "":
		return errors.New("no prompts: name a .txt, .csv or .jsonl file, or make them up with --input-tokens and " +
			"--count")
	case !o.InputTokens.Given() && in.Count > 0:
		return errors.New("--count with a file of prompts: there is a body for each prompt in it; leave --count out")
	case o.MaxTokens < 0:
		return fmt.Errorf("--max-tokens %d: must be 1 or more", o.MaxTokens)
	case o.MaxTokens > 0 && o.OutputTokens.Given():
		return errors.New("--max-tokens and --output-tokens both set max_tokens: leave one out")
	case o.Temperature != nil && !(*o.Temperature >= 0 && *o.Temperature <= math.MaxFloat32):
		return fmt.Errorf("--temperature %v: must be 0 or more", *o.Temperature)
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
			return nil, fmt.Errorf("--system %w", file.OpenError(file.Display(path), err))
		}
		text = []byte(content)
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, newline), []byte{'\r'})
		if len(text) == 0 {
			return nil, fmt.Errorf("--system %s: empty; leave it out, or write the message into it", file.Display(path))
		}
	}
	if i := jsonscan.InvalidUTF8(text); i >= 0 {
		line := 1 + bytes.Count(text[:i], newline)
		return nil, fmt.Errorf("--system: %w", &file.LineError{File: file.Display(path), Line: line,
			Problem: fmt.Sprintf("not UTF-8: invalid byte 0x%02X", text[i])})
	}
	return text, nil
}
