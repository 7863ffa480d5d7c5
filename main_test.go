package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads/needs"
	"brunt/report/config"
	"brunt/report/help"
	"brunt/report/scripttest"
)

func TestMain(m *testing.M) {
	// The race detector has each process wait for a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	testscript.Main(m, map[string]func(){"brunt": main})
}

func TestScripts(t *testing.T) {
	dir, files := "testdata/script", []string(nil)
	if testing.Short() { // some that make next to no load
		dir, files = "", []string{"testdata/script/counts.txtar", "testdata/script/help.txtar", "testdata/script/printable.txtar"}
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	scripttest.Run(t, testscript.Params{
		Dir: dir, Files: files, Cmds: scripttest.Commands(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("BODIES", filepath.Join(root, "testdata", "bodies.jsonl"))
			return scripttest.Setup(env)
		},
	})
}

//go:embed README.md
var readme string

// manual is what users read: the README and the topics of brunt help.
func manual() map[string]string {
	texts := map[string]string{"README": readme}
	for _, topic := range help.Topics() {
		texts[topic.Name] = topic.Text
	}
	return texts
}

// TestReadmeCommands runs every command that the README and the topics of brunt
// help show, each text's in a directory of its own, but for the one that go runs.
func TestReadmeCommands(t *testing.T) {
	needs.Time(t)
	dir, commands := t.TempDir(), 0
	for name, text := range manual() {
		script, n := readmeScript(t, text)
		commands += n
		if n == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if commands < 30 {
		t.Fatalf("README and topics show %d commands", commands)
	}
	scripttest.Run(t, testscript.Params{Dir: dir, Cmds: scripttest.Commands(), Setup: func(env *testscript.Env) error {
		if err := scripttest.OpenWorkspace(env); err != nil {
			return err
		}
		for _, port := range []string{"PORT_8088", "PORT_4222"} {
			if err := scripttest.FreePort(env, port); err != nil {
				return err
			}
		}
		env.Setenv("DATABRICKS_HOST", env.Getenv("WORKSPACE"))
		env.Setenv("DATABRICKS_CLIENT_ID", env.Getenv("WORKSPACE_ID"))
		env.Setenv("DATABRICKS_CLIENT_SECRET", env.Getenv("WORKSPACE_SECRET"))
		env.Setenv("BRUNT_CA", env.Getenv("WORKSPACE_CA"))
		env.Setenv("BRUNT_RESOLVE", env.Values["workspace"].(*workspacetest.Server).RouteHost("my-fast-endpoint")+":127.0.0.1")
		return nil
	}})
}

// readmeScript is a script of the commands that a text shows, and their number.
func readmeScript(t *testing.T, text string) (string, int) {
	t.Helper()
	shown := regexp.MustCompile("(?m)^\\$ (.+)$(?:\n```\n+```text\n((?s:.+?))```)?").FindAllStringSubmatch(text, -1)
	checks := regexp.MustCompile(`(?m)^(ok|warning|failed)  +(\S+(?: \S+)?)  `) // that a probe is shown to make
	var script strings.Builder
	for _, c := range shown {
		if !strings.HasPrefix(c[1], "go test") {
			script.WriteString(readmeStep(strings.Replace(c[1], "go run .", "brunt", 1)))
			if !strings.Contains(c[1], " probe ") {
				continue
			}
			for _, m := range checks.FindAllStringSubmatch(c[2], -1) {
				fmt.Fprintf(&script, "stdout '^%s +%s +'\n", m[1], m[2])
			}
		}
	}
	for _, name := range []string{"testdata/bodies.jsonl", "testdata/rows.csv", "testdata/prompts.txt", "testdata/traffic.csv", "testdata/trace.csv", "testdata/requests.jsonl", "testdata/body.json", "testdata/targets.txt", "bodies.jsonl"} {
		content, err := os.ReadFile(filepath.Join("testdata", filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&script, "-- %s --\n%s", name, content)
	}
	return script.String(), len(shown)
}

// TestReadmeNames: each topic is in the README, and each file that it links is there.
func TestReadmeNames(t *testing.T) {
	for _, topic := range help.Topics() {
		if want := fmt.Sprintf("| [%s](report/help/%[1]s.md) | %s |\n", topic.Name, topic.Title); !strings.Contains(readme, want) {
			t.Errorf("the README lacks %s", want)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Error(err)
		}
	}
	for name, text := range manual() {
		for _, m := range regexp.MustCompile("`brunt help ([a-z-]+)`").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(help.Names(), m[1]) {
				t.Errorf("%s: no topic %s", name, m[1])
			}
		}
	}
}

// TestGitHub: workflows and forms are YAML; each workflow says what it may do, and
// takes actions by commit, which nobody can move as a tag can be.
func TestGitHub(t *testing.T) {
	files, err := filepath.Glob(".github/*/*.yml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%v, %v", files, err)
	}
	pinned := regexp.MustCompile(`^[\w-]+(/[\w.-]+)+@[0-9a-f]{40}$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var flow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Uses  string
				Steps []struct{ Uses string }
			}
			Body []struct{ ID string }
		}
		if err := yaml.Unmarshal(text, &flow); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if filepath.Base(filepath.Dir(file)) != "workflows" {
			continue
		}
		if !maps.Equal(flow.Permissions, map[string]string{"contents": "read"}) || len(flow.Jobs) == 0 {
			t.Errorf("%s: permissions %v, %d jobs", file, flow.Permissions, len(flow.Jobs))
		}
		for name, job := range flow.Jobs {
			uses := []string{job.Uses}
			for _, step := range job.Steps {
				uses = append(uses, step.Uses)
			}
			for _, action := range uses {
				if action != "" && !pinned.MatchString(action) {
					t.Errorf("%s: %s: %s is not pinned by commit", file, name, action)
				}
			}
		}
	}
	guide, err := os.ReadFile(".github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:attack|report|payloads|testdata|\\.ci|\\.github)/[^` ]*)`").FindAllStringSubmatch(string(guide), -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("CONTRIBUTING.md: %v", err)
		}
	}
}

// TestDockerfile: the image of a release is the one that brunt help machines shows, for
// each platform: of nothing but certificates and brunt, for no user with a name.
func TestDockerfile(t *testing.T) {
	file, err := os.ReadFile(".ci/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`(?m)^(#|ARG ).*\n`).ReplaceAllString(string(file), "")
	own = strings.NewReplacer("--platform=$BUILDPLATFORM ", "", "$TARGETPLATFORM/", "").Replace(own)
	shown := regexp.MustCompile("(?s)```dockerfile\n(.*?)```").FindStringSubmatch(manual()["machines"])
	if shown == nil || own != shown[1] {
		t.Errorf(".ci/Dockerfile is, on one machine,\n%s\nand brunt help machines shows\n%q", own, shown)
	}
	var release struct {
		Dockers []struct {
			Dockerfile string
			Platforms  []string
		} `yaml:"dockers_v2"`
	}
	text, err := os.ReadFile(".goreleaser.yaml")
	if err = cmp.Or(err, yaml.Unmarshal(text, &release)); err != nil || len(release.Dockers) != 1 {
		t.Fatalf("%v, %v", release, err)
	}
	if d := release.Dockers[0]; d.Dockerfile != ".ci/Dockerfile" || !slices.Equal(d.Platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("%v", d)
	}
}

// TestReadmeFlags: README and topics name no flag that is none of brunt's.
func TestReadmeFlags(t *testing.T) {
	known := map[string]bool{"--help": true, "--man": true}
	for _, of := range []string{"from", "rm", "read-only", "cap-drop", "cpuset-cpus", "cpus", "ulimit", "attach", "server-side"} { // docker's and kubectl's
		known["--"+of] = true
	}
	for _, node := range kong.Must(&commands{}, config.Grammar()...).Model.Leaves(false) {
		for _, f := range node.Flags {
			known["--"+f.Name] = true
			if f.Tag.Negatable != "" {
				known["--no-"+f.Name] = true
			}
		}
	}
	for line := range strings.SplitSeq(strings.Join(slices.Collect(maps.Values(manual())), "\n"), "\n") {
		if strings.HasPrefix(line, "databricks ") {
			continue
		}
		for _, m := range regexp.MustCompile(`(?:^|[^\w-])(--[a-z][a-z0-9-]*)`).FindAllStringSubmatch(line, -1) {
			if !known[m[1]] {
				t.Errorf("%s is no flag: %s", m[1], line)
			}
		}
	}
}

// TestReadmeCurl runs the lines that the topic page has for scripts: no answer is an error.
func TestReadmeCurl(t *testing.T) {
	needs.Time(t)
	needs.Program(t, "curl")
	needs.Program(t, "jq")
	lines := regexp.MustCompile(`(?m)^curl (.+)$`).FindAllStringSubmatch(manual()["page"], -1)
	if len(lines) < 11 {
		t.Fatalf("the topic page shows %d lines", len(lines))
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(free.Addr().(*net.TCPAddr).Port)
	free.Close()
	script := "! exec brunt attack 'mock://?latency=5ms' -r 50 -d 1m --serve=127.0.0.1:" + port + " --wait &page&\nexec sh curl.sh\nkill -INT page\nwait page\n" +
		"-- curl.sh --\nset -e\nawait() { for i in $(seq 100); do if \"$@\" >/dev/null; then return; fi; sleep 0.1; done; return 1; }\nJ='Content-Type: application/json' U=http://127.0.0.1:" + port + "\n" +
		"curl -s --retry 50 --retry-delay 1 --retry-connrefused $U/healthz\n"
	for _, line := range lines {
		command, _, _ := strings.Cut(line[1], " #")
		if strings.Contains(command, "-m 2") {
			script += "curl " + command + " >answer || true\n" // ends by time
		} else {
			script += "curl --fail " + command + " >answer\n"
		}
		if !strings.Contains(command, "-sfOJ") {
			script += "test -s answer\n"
		}
		switch {
		case strings.Contains(command, "change"): // a first second to report on
			script += "await curl -sf $U/api/report\n"
		case strings.Contains(command, "stop"): // drained
			script += "await sh -c \"curl -s $U/api/runs | jq -e '.runs[0].state == \\\"interrupted\\\"'\"\n"
		}
	}
	file := filepath.Join(t.TempDir(), "curl.txtar")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	scripttest.Run(t, testscript.Params{Files: []string{file}})
}

// minutes of load are a second in the test, and of a warm-up less.
var minutes = strings.NewReplacer(" -d 1m", " -d 1s", " -d 5m", " -d 1s", " -d 30s", " -d 3s", " -d 10s", " -d 1s", " --warmup 1s", " --warmup 200ms")

// readmeStep is a command as a script's step: it says something on standard
// output, or in the file to which that goes, and nothing on standard error but
// what bodies are made of.
func readmeStep(line string) string {
	line = ports.Replace(minutes.Replace(line))
	if first, ok := strings.CutSuffix(line, " &"); ok {
		return "exec " + first + " &" + strings.Fields(first)[1] + "&\nlistens " + listensAt.FindStringSubmatch(first)[1] + "\n"
	}
	command, file, redirected := strings.Cut(line, " > ")
	if redirected || strings.Contains(line, " | ") || !strings.HasPrefix(line, "brunt ") {
		command = "sh -c '" + strings.ReplaceAll(line, "'", "''") + "'"
	}
	says := "! stderr .\n"
	switch {
	case strings.HasPrefix(line, "brunt compare"): // 2 on a machine that is too busy to measure
		return "exits 0|2|3 " + command + "\nstdout .\n"
	case strings.HasPrefix(line, "brunt worker"): // the last one that an attack in the background waits for
		return "exec " + command + "\nwait attack\nstdout ' 0 failed'\n"
	case strings.Contains(line, "-o none"):
		return "exec " + command + "\n"
	case strings.HasPrefix(line, "brunt capacity"):
		return "exits 0|4 " + command + "\nstdout .\n"
	case strings.Contains(line, "--strict"): // a busy machine is no mistake of the README's
		return "exits 0|4 " + command + "\nstdout .\n"
	case strings.Contains(line, "--serve"):
		says = "stderr '^live view: http://'\n"
	case strings.Contains(line, "--from-endpoint"), strings.Contains(line, "--input-tokens"), strings.Contains(line, "trace.csv"):
		says = "stderr '^brunt: payloads make: .*(example|estimated)'\n"
	}
	if strings.HasPrefix(line, "brunt attack my-") {
		says = "stdout ' 0 failed'\n" + says
	}
	if redirected {
		return "exec " + command + "\ngrep . " + file + "\n" + says
	}
	return "exec " + command + "\nstdout .\n" + says
}

// ports are those that commands listen at: free ones in their place. listensAt is where a
// command in the background does, or what a worker there connects to.
var (
	ports     = strings.NewReplacer(":8088", ":$PORT_8088", ":4222", ":$PORT_4222")
	listensAt = regexp.MustCompile(`(?:--listen-workers |--listen |nats://\S+@)(\S+)`)
)

// productImports calls see with what each file of the product imports of brunt, by
// the directory of the file.
func productImports(t *testing.T, see func(path, directory string, imports []string)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if strings.HasPrefix(entry.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if of, ok := strings.CutPrefix(name, "brunt/"); ok {
				imports = append(imports, of)
			}
		}
		see(path, filepath.ToSlash(filepath.Dir(path)), imports)
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files: %v", files, err)
	}
}

// What a user runs holds nothing that is made for tests: packages whose names end
// in test, and those that say that only tests import them, are imported by tests
// and by one another alone.
func TestTestPackagesStayOutOfTheProduct(t *testing.T) {
	forTests := func(path string) bool {
		return strings.HasSuffix(path, "test") || path == "attack/quiet" || path == "payloads/needs"
	}
	productImports(t, func(path, directory string, imports []string) {
		for _, name := range imports {
			if !forTests(directory) && forTests(name) {
				t.Errorf("%s imports %s, which is for tests", path, name)
			}
		}
	})
}

// A package's doc.go lists what of brunt it imports, and no package imports one of a
// floor above its own.
func TestMayImport(t *testing.T) {
	floors := []string{"payloads", "attack", "report"}
	floor := func(path string) int { return slices.Index(floors, strings.Split(path, "/")[0]) }
	found := map[string][]string{}
	productImports(t, func(path, directory string, imports []string) {
		if floor(directory) < 0 {
			return
		}
		found[directory] = append(found[directory], imports...)
		for _, name := range imports {
			if floor(name) > floor(directory) {
				t.Errorf("%s imports %s, which is above it", path, name)
			}
		}
	})
	for directory, imports := range found {
		slices.Sort(imports)
		want := cmp.Or(strings.Join(slices.Compact(imports), ", "), "nothing of brunt")
		text, err := os.ReadFile(filepath.Join(directory, "doc.go"))
		if err != nil {
			t.Errorf("%s has no doc.go", directory)
			continue
		}
		words := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n//", " ")), " ")
		if !strings.Contains(words, "May import: "+want+". package") {
			t.Errorf("%s/doc.go does not end with: May import: %s.", directory, want)
		}
	}
}
