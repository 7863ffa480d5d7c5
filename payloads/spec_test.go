package payloads

import (
	"os"
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

func TestParseSpec(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("real:7", []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in, path string
		weight   int
		why      string
	}{
		{"bodies.jsonl", "bodies.jsonl", 1, "a weight is optional"},
		{"bodies.jsonl:3", "bodies.jsonl", 3, "the ending after the last colon"},
		{"bodies.jsonl:10000", "bodies.jsonl", 10000, "the largest weight"},
		{"bodies.jsonl:007", "bodies.jsonl", 7, "leading zeros"},
		{"-", "-", 1, "standard input"},
		{"-:2", "-", 2, "standard input with a weight"},
		{`C:\x.jsonl`, `C:\x.jsonl`, 1, "a drive letter is no file with a weight"},
		{`C:\x.jsonl:4`, `C:\x.jsonl`, 4, "a drive letter and a weight"},
		{"a:b.jsonl", "a:b.jsonl", 1, "a colon in a name"},
		{"a:1:2", "a:1", 2, "only the last colon counts"},
		{"a:", "a:", 1, "nothing is no weight"},
		{"a:-1", "a:-1", 1, "a sign is no digit"},
		{"a:1.5", "a:1.5", 1, "only whole numbers are weights"},
		{"a:٣", "a:٣", 1, "only ASCII digits are weights"},
		{"real:7", "real:7", 1, "a file that really has this name"},
	} {
		got, err := ParseSpec(c.in)
		if err != nil || got != (Spec{c.path, c.weight}) {
			t.Errorf("%s: ParseSpec(%q) = %+v, %v", c.why, c.in, got, err)
		}
	}
}

func TestParseSpecErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "no name",
		":3":                     "no name before the weight",
		"a:0":                    "weight 0 is not a whole number from 1 to 10,000",
		"a:10001":                "weight 10001",
		"a:99999999999999999999": "weight 99999999999999999999",
	} {
		_, err := ParseSpec(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseSpec(%q): %v, want %q", in, err, want)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, s := range []string{"", "-", "a", "a:3", ":3", `C:\x.jsonl:4`, "a:0", "a:b:c:12", "a\n:1", "::", "a:٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := ParseSpec(in)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q: more than one line", err)
			}
			return
		}
		if got.Path == "" || got.Weight < 1 || got.Weight > maxWeight {
			t.Fatalf("ParseSpec(%q) = %+v", in, got)
		}
		if got == (Spec{in, 1}) {
			return
		}
		digits, ok := strings.CutPrefix(in, got.Path+":")
		if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
			t.Fatalf("ParseSpec(%q) = %+v", in, got)
		}
	})
}

func TestArguments(t *testing.T) {
	one := filetest.Write(t, "a.jsonl", "1\n")
	for _, c := range []struct {
		specs []Spec
		o     Options
		want  string
	}{
		{nil, Options{}, "no payload file"},
		{[]Spec{{one, 0}}, Options{}, "weight 0"},
		{[]Spec{{one, maxWeight + 1}}, Options{}, "weight 10001"},
		{[]Spec{{"-", 1}, {one, 1}, {"-", 1}}, Options{}, "standard input named 2 times"},
		{[]Spec{{one, 1}}, Options{Format: "lines"},
			`payload format "lines": expected auto, body, request or inference`},
		{[]Spec{{one, 1}}, Options{Order: "up"}, `payload order "up": expected sequential, shuffle or random`},
		{manyWeights(one), Options{}, "payload weights repeat only after 100001 requests"},
	} {
		if _, err := Open(c.specs, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open: %v, want %q", err, c.want)
		}
		if _, _, _, err := Check(c.specs, c.o, 10); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check: %v, want %q", err, c.want)
		}
	}
}

// manyWeights have no common factor and a long cycle.
func manyWeights(path string) []Spec {
	specs := []Spec{{path, 1}}
	for range 10 {
		specs = append(specs, Spec{path, maxWeight})
	}
	return specs
}
