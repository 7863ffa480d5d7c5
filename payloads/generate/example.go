package generate

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// makeFromExample writes the one body of a file again and again.
func makeFromExample(out *bufio.Writer, content *file.Mapping, in Options) (n int, err error) {
	var line []byte
	err = file.Guard(func() (err error) {
		if in.FromOpenAPI != "" {
			line, err = openAPILine(content)
		} else {
			line, err = exampleLine(content, in.Path)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return repeat(out, line, in.Count)
}

// repeat writes a line that often.
func repeat(out *bufio.Writer, line []byte, count int) (n int, err error) {
	for ; n < count; n++ {
		if _, err := out.Write(line); err != nil {
			return n, &WriteError{err}
		}
	}
	return n, nil
}

// ExampleOfTask returns a body that endpoints of a task such as llm/v1/chat
// take with any model; nil for other tasks, which custom models have.
func ExampleOfTask(task string) []byte {
	switch task {
	case "llm/v1/chat":
		return []byte(`{"messages":[{"role":"user","content":"Name three rivers."}],"max_tokens":64}`)
	case "llm/v1/completions":
		return []byte(`{"prompt":"Three rivers are","max_tokens":64}`)
	case "llm/v1/embeddings":
		return []byte(`{"input":["Three rivers are long."]}`)
	}
	return nil
}

// exampleLine returns the one JSON value of a file as a line.
func exampleLine(content *file.Mapping, path string) ([]byte, error) {
	data := []byte(content.Data)
	start, end := jsonscan.SkipSpace(data, file.TextStart(data)), len(data)
	for end > start && jsonscan.IsSpace(data[end-1]) {
		end--
	}
	value := data[start:end]
	switch {
	case len(value) == 0:
		return nil, content.Wrong("empty; it needs one JSON value, the example")
	case len(value) > file.MaxBody:
		return nil, content.Wrong("an example of more than 64 MiB; to make bodies from CSV give no count, and a name " +
			"that does not end in .json")
	case !jsonscan.Valid(value):
		return nil, file.ValueError(content.Name, data, start, end, "an example must be one JSON value")
	}
	line := jsonscan.AppendCompact(nil, value)
	if isModelExample(path, line) {
		line = append(append([]byte(`{"dataframe_split":`), line...), '}')
	}
	return append(line, '\n'), nil
}

// isModelExample tells if an example is what MLflow logs of a data frame
// beside a model, which is no request body yet. (serving_input_example.json is
// one.)
func isModelExample(path string, value []byte) bool {
	if !strings.EqualFold(filepath.Base(path), "input_example.json") || !jsonscan.IsAt(value, 0, '{') {
		return false
	}
	return jsonscan.IsAt(jsonscan.Member(value, "data"), 0, '[') &&
		jsonscan.IsAt(jsonscan.Member(value, "columns"), 0, '[')
}

// openAPILine makes an example of a description.
func openAPILine(content *file.Mapping) ([]byte, error) {
	body, err := ExampleFromOpenAPI(content.Data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", content.Name, err)
	}
	return append(body, '\n'), nil
}
