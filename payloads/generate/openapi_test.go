package generate

import (
	"bytes"
	"strings"
	"testing"

	"brunt/payloads/filetest"
	"brunt/payloads/jsonscan"
	"brunt/payloads/splice"
)

// described is a description whose schema, or whatever stands beside it, is
// that.
func described(media string) string {
	return `{"openapi":"3.1.0","info":{"title":"x","version":"1"},"paths":{
		"/health":{"get":{"responses":{}}},
		"/served-models/m-1/invocations":{"post":{"requestBody":{"content":{"application/json":{` + media + `}}},"responses":{}}}},
		"components":{"schemas":{
			"Row":{"type":"object","required":["a"],"properties":{"a":{"type":"integer","minimum":3},"b":{"type":"string"}}},
			"Loop":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/Loop"}}},
			"a/b~c":{"const":[1, 2]}
		}}}`
}

func TestExampleFromOpenAPI(t *testing.T) {
	for _, c := range []struct{ why, media, want string }{
		{"an example", `"example":{"prompt": "hi"},"schema":{"type":"object"}`, `{"prompt":"hi"}`},
		{"several examples", `"examples":{"one":{"value":{"inputs": [1]}},"two":{"value":7}}`, `{"inputs":[1]}`},
		{"an example within the schema", `"schema":{"type":"object","properties":{"a":{"type":"string"}},"example":{"a":"b"}}`, `{"a":"b"}`},
		{"a data frame as an endpoint describes it",
			`"schema":{"oneOf":[{"type":"object","properties":{"dataframe_split":{"type":"object","properties":{
			"columns":{"description":"required fields: i","type":"array","items":{"type":"string","enum":["i","f","s"]}},
			"data":{"type":"array","items":{"type":"array","prefixItems":[{"type":"integer","format":"int64"},{"type":"number","format":"double"},{"type":"string"}]}}}}}},
			{"type":"object","properties":{"dataframe_records":{"type":"array","items":{"$ref":"#/components/schemas/Row"}}}}]}`,
			`{"dataframe_split":{"columns":["i","f","s"],"data":[[1,1.0,"text"]]}}`},
		{"records by reference, what is required only",
			`"schema":{"type":"object","properties":{"dataframe_records":{"type":"array","items":{"$ref":"#/components/schemas/Row"}}}}`, `{"dataframe_records":[{"a":3}]}`},
		{"a reference with escapes", `"schema":{"type":"object","properties":{"inputs":{"$ref":"#/components/schemas/a~1b~0c"}}}`, `{"inputs":[1,2]}`},
		{"chat", `"schema":{"type":"object","required":["messages"],"properties":{"messages":{"type":"array","minItems":2,"items":{"type":"object","properties":{"role":{"type":"string","enum":["user","system"]},"content":{"type":"string"}}}},"temperature":{"type":"number"}}}`,
			`{"messages":[{"role":"user","content":"text"},{"role":"user","content":"text"}]}`},
		{"all of", `"schema":{"allOf":[{"$ref":"#/components/schemas/Row"},{"properties":{"c":{"type":"boolean"}},"required":["c"]}]}`, `{"a":3,"c":true}`},
		{"types that may be null", `"schema":{"properties":{"a":{"type":["null","integer"]},"b":{"anyOf":[{"type":"null"},{"type":"string","format":"date"}]},"c":{"type":"null"},"d":{}}}`, `{"a":1,"b":"2025-01-01","c":null,"d":null}`},
		{"bounds", `"schema":{"properties":{"a":{"type":"integer","maximum":-2},"b":{"type":"number","exclusiveMinimum":1},"c":{"type":"string","maxLength":2},"d":{"type":"string","minLength":6},"e":{"type":"number","minimum":0.25,"maximum":0.5}}}`, `{"a":-2,"b":2.0,"c":"te","d":"textxx","e":0.5}`},
		{"a default, and none", `"schema":{"properties":{"a":{"type":"integer","default":9},"b":{"type":"integer","default":null}}}`, `{"a":9,"b":1}`},
		{"order and odd names are kept", `"schema":{"properties":{"z":{"type":"integer"},"a\"é":{"type":"integer"},"z":{"type":"string"}}}`, `{"z":1,"a\"é":1}`},
		{"a reference to nowhere", `"schema":{"properties":{"a":{"$ref":"#/nowhere"},"b":{"$ref":"other.json#/x"}}}`,
			`{"a":null,"b":null}`},
	} {
		got, err := ExampleFromOpenAPI([]byte(described(c.media)))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.why, err, got, c.want)
		}
	}
}

func TestExampleFromOpenAPIFaults(t *testing.T) {
	wide := strings.Repeat(`{"$ref":"#/components/schemas/Wide"},`, 9) + `{"type":"null"}`
	for doc, want := range map[string]string{
		"":       "not JSON",
		"{\n\n{": "not JSON",
		"7":      "no POST",
		`{"paths":{"/x/invocations":{"get":{}}}}`:                  "no POST",
		described(`"schema":{"$ref":"#/components/schemas/Loop"}`): "refers to itself",
		strings.Replace(described(`"schema":{"$ref":"#/components/schemas/Wide"}`), `"Row"`,
			`"Wide":{"type":"array","prefixItems":[`+wide+`]},"Row"`, 1): "refers to itself",
	} {
		if got, err := ExampleFromOpenAPI([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%.60s: %s %v", doc, got, err)
		}
	}
}

// The path that ends in /invocations comes before others, and JSON before
// other types.
func TestExampleFromOpenAPIPaths(t *testing.T) {
	post := func(example string) string {
		return `{"post":{"requestBody":{"content":{"text/plain":{"example":"no"},"application/json":{"example":` + example + `}}}}}`
	}
	doc := "\xEF\xBB\xBF" + `{"paths":{"/a":` + post("1") + `,"/b/invocations":` + post("2") + `,"/c/invocations":` + post("3") + `}}`
	if got, err := ExampleFromOpenAPI([]byte(doc)); string(got) != "2" || err != nil {
		t.Errorf("%s %v", got, err)
	}
	doc = `{"paths":{"/a":` + post("1") + `,"/b":` + post("2") + `}}`
	if got, err := ExampleFromOpenAPI([]byte(doc)); string(got) != "1" || err != nil {
		t.Errorf("%s %v", got, err)
	}
	doc = `{"paths":{"/a":` + strings.Replace(post("1"), "application/json", "application/vnd.x+json", 1) + `}}`
	if got, err := ExampleFromOpenAPI([]byte(doc)); string(got) != "1" || err != nil {
		t.Errorf("%s %v", got, err)
	}
}

// TestMakeFromDescriptions: descriptions, and what MLflow logs beside a model.
func TestMakeFromDescriptions(t *testing.T) {
	var out bytes.Buffer
	file := filetest.Write(t, "api.json", described(`"example":{"prompt": "hi"}`))
	if n, err := Bodies(&out, Options{FromOpenAPI: file, Count: 2}); err != nil || n != 2 ||
		out.String() != "{\"prompt\":\"hi\"}\n{\"prompt\":\"hi\"}\n" {
		t.Errorf("%d %v %s", n, err, out.String())
	}
	for _, in := range []Options{{FromOpenAPI: file, Path: "x"}, {FromOpenAPI: file,
		ChatOptions: ChatOptions{Chat: true}}, {FromOpenAPI: filetest.Write(t, "api.json", "{}")}} {
		out.Reset()
		if n, err := Bodies(&out, in); err == nil || n != 0 || out.Len() > 0 || !strings.Contains(err.Error(),
			"api.json") {
			t.Errorf("%v", err)
		}
	}
	for name, want := range map[string]string{
		"serving_input_example.json": `{"columns":["a"],"data":[[1]]}`,
		"input_example.json":         `{"dataframe_split":{"columns":["a"],"data":[[1]]}}`,
	} {
		_, got, n, err := made(t, name, "{\n \"columns\": [\"a\"], \"data\": [[1]]\n}", Options{})
		if got != want+"\n" || n != 1 || err != nil {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	if _, got, _, err := made(t, "input_example.json", `{"inputs":[1]}`, Options{}); got != "{\"inputs\":[1]}\n" ||
		err != nil {
		t.Errorf("%s %v", got, err)
	}
}

// TestExampleOfTask: bodies that --unique and --client-request-id find their
// places in, and none for tasks that say nothing of the input.
func TestExampleOfTask(t *testing.T) {
	for _, task := range []string{"llm/v1/chat", "llm/v1/completions", "llm/v1/embeddings"} {
		example := ExampleOfTask(task)
		var out bytes.Buffer
		if n, err := Bodies(&out, Options{Example: example, Count: 2}); n != 2 || err != nil ||
			out.String() != string(example)+"\n"+string(example)+"\n" {
			t.Errorf("%s: %d %v %s", task, n, err, out.String())
		}
		if _, what := splice.Find(splice.Finders(true, true), example); !jsonscan.Valid(example) || !what.Empty() {
			t.Errorf("%s: %s, %s", task, example, what)
		}
	}
	if ExampleOfTask("") != nil || ExampleOfTask("agent/v1/chat") != nil {
		t.Error("an example of what nothing is known of")
	}
}

// FuzzExampleFromOpenAPI: an error in one line, or one sound body.
func FuzzExampleFromOpenAPI(f *testing.F) {
	f.Add([]byte(described(`"example":{"prompt": "hi"}`)))
	f.Add([]byte(described(`"schema":{"allOf":[{"$ref":"#/components/schemas/Row"},{"$ref":"#/components/schemas/Loop"}]}`)))
	f.Add([]byte(described(`"schema":{"oneOf":[{"type":["null","number"]},{"prefixItems":[{},{"type":"array","items":{"enum":[]},"minItems":3}]}]}`)))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := ExampleFromOpenAPI(doc)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") || got != nil {
				t.Fatalf("%q %s", err, got)
			}
			return
		}
		if !jsonscan.Valid(got) || bytes.ContainsAny(got, "\n\r") {
			t.Fatalf("%q", got)
		}
	})
}
