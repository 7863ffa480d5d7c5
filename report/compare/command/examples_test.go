package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestExamples: the examples for pipelines are YAML of the shape that their services
// read, fail on a rule and on a comparison, and pin what they use.
func TestExamples(t *testing.T) {
	var github struct {
		On   map[string]any
		Jobs map[string]struct {
			RunsOn any `yaml:"runs-on"`
			Steps  []struct{ Name, ID, If, Uses, Run string }
		}
	}
	readExample(t, "github-actions.yml", &github)
	var commands []string
	for name, job := range github.Jobs {
		if job.RunsOn == nil || len(job.Steps) == 0 {
			t.Errorf("job %s has no runner or no steps", name)
		}
		for _, step := range job.Steps {
			if (step.Uses == "") == (step.Run == "") {
				t.Errorf("step %q neither runs nor uses one thing", step.Name)
			}
			if step.Uses != "" && !regexp.MustCompile(`^[\w/-]+@[0-9a-f]{40}$`).MatchString(step.Uses) {
				t.Errorf("%s is not pinned", step.Uses)
			}
			commands = append(commands, step.Run)
		}
	}
	if len(github.On) == 0 {
		t.Error("the workflow is never run")
	}
	holds(t, "github-actions.yml", commands)
	var gitlab map[string]struct{ Script []string }
	readExample(t, "gitlab-ci.yml", &gitlab)
	holds(t, "gitlab-ci.yml", gitlab["load test"].Script)
}

func readExample(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "examples", name))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func holds(t *testing.T, name string, commands []string) {
	t.Helper()
	all := strings.Join(commands, "\n")
	for _, part := range []string{"brunt attack", "--slo", "brunt compare", "--tolerance"} {
		if !strings.Contains(all, part) {
			t.Errorf("%s has no %s", name, part)
		}
	}
}
