package manifest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"brunt/report/config"
)

// schema is the one that is published for a kind of manifest.
func schema(t *testing.T, kind Kind) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", string(kind)+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// documents are those of a manifest, by kind and name; compose's one is alone.
func documents(t fataler, text []byte) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document map[string]any
		err := d.Decode(&document)
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		name := "compose"
		if kind, ok := document["kind"].(string); ok {
			name = kind + " " + at(document, "metadata", "name").(string)
		}
		found[name] = document
	}
}

// at is what lies under the keys, and numbers of lists' items, nil where nothing does.
func at(in any, keys ...any) any {
	for _, key := range keys {
		switch key := key.(type) {
		case string:
			in = in.(map[string]any)[key]
		case int:
			in = in.([]any)[key]
		}
	}
	return in
}

func texts(list any) (out []string) {
	items, _ := list.([]any)
	for _, item := range items {
		out = append(out, item.(string))
	}
	return out
}

// pod is a Job's.
func pod(documents map[string]map[string]any, job string) any {
	return at(documents["Job "+job], "spec", "template", "spec")
}

// arguments are those of coordinator and worker, as what runs them passes them on.
func arguments(kind Kind, documents map[string]map[string]any) (coordinator, worker []string) {
	if kind == Compose {
		services := documents["compose"]["services"]
		return texts(at(services, "coordinator", "command")), texts(at(services, "worker", "command"))
	}
	return texts(at(pod(documents, "brunt-coordinator"), "containers", 0, "args")), texts(at(pod(documents, "brunt-worker"), "containers", 0, "args"))
}

// expanded is an argument after Kubernetes or compose has put variables into it: <NAME>.
func expanded(kind Kind, text string) string {
	reference := regexp.MustCompile(`\$\$|\$\(([A-Za-z_0-9]+)\)`)
	if kind == Compose {
		reference = regexp.MustCompile(`\$\$|\$\{([A-Za-z_0-9]+):\?[^}]*\}`)
	}
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		if found == "$$" {
			return "$"
		}
		return "<" + reference.FindStringSubmatch(found)[1] + ">"
	})
}

func manifestOf(t fataler, kind Kind, given ...config.GivenFlag) []byte {
	t.Helper()
	r, err := New("attack", given, Tree{}, "", "v1.2.3")
	if err != nil {
		t.Fatalf("%v", err)
	}
	var out bytes.Buffer
	if err := r.Write(&out, kind); err != nil {
		t.Fatalf("%v", err)
	}
	return out.Bytes()
}

func value(name, text string) config.GivenFlag { return config.GivenFlag{Name: name, Text: text} }
func reads(name, text string) config.GivenFlag {
	return config.GivenFlag{Name: name, Text: text, File: true}
}
func writes(name, text string) config.GivenFlag {
	return config.GivenFlag{Name: name, Text: text, File: true, Writes: true}
}
func alone(name, text string) config.GivenFlag {
	return config.GivenFlag{Name: name, Text: text, Switch: true, Negatable: name == "keepalive"}
}

// bodies is a file of some.
func bodies(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// everything is a command with one flag of each kind.
func everything(t *testing.T) []config.GivenFlag {
	return []config.GivenFlag{
		value("", "https://h/x"), value("rate", "100"), value("duration", "10s"), value("workers", "3"),
		reads("payloads", bodies(t, "a b.jsonl", "{\"a\":1}\n  \n")+":3"), reads("payloads", bodies(t, "zip.jsonl.gz", "\x1f\x8b\x00")),
		value("header", "Authorization: Bearer canary"), value("header", "Accept: text/html"), value("header", "X-Key: env:MY_KEY"),
		value("header", "X-Empty:"), value("user", "me:canary"), reads("key", "dir/k.pem"), reads("cert", "c.pem"),
		value("proxy", "http://u:canary@p:1"), alone("http2", "true"), alone("keepalive", "false"), alone("strict", "false"),
		writes("json", "reports/run.json"), writes("results", "-"), alone("serve", "true"), value("serve-token", "canary"),
		alone("save", "true"), alone("open", "true"), value("success-body", "$(x) ${y} $z"), value("print-manifest", "compose"),
		reads("config", "canary.yaml"), value("profile", "canary"), value("listen-workers", ":1"), value("worker-token", "canary"),
	}
}

var wantCoordinator = []string{
	"attack", "https://h/x", "--rate=100", "--duration=10s", "--payloads=/files/a-b.jsonl:3", "--payloads=/files/zip.jsonl.gz",
	"--header=Authorization: env:HEADER_AUTHORIZATION", "--header=Accept: text/html", "--header=X-Key: env:MY_KEY", "--header=X-Empty:",
	"--user=me:env:USER_PASSWORD", "--key=/secrets/k.pem", "--cert=/secrets/c.pem", "--proxy=<FLAG_PROXY>", "--http2", "--no-keepalive", "--strict=false",
	"--json=/out/run.json", "--results=-", "--serve=:8080", "--save", "--success-body=$(x) ${y} $z", "--workers=3", "--listen-workers=:4222",
}

// Whatever is given, the manifests are what Kubernetes and compose publish that they
// take, and run what was given, with references where secrets were.
func TestEverything(t *testing.T) {
	for _, kind := range []Kind{Kubernetes, Compose} {
		text := manifestOf(t, kind, everything(t)...)
		found := documents(t, text)
		for name, document := range found {
			if err := schema(t, kind).Validate(document); err != nil {
				t.Errorf("%s: %s: %v\n%s", kind, name, err, text)
			}
		}
		if bytes.Contains(text, []byte("canary")) {
			t.Errorf("%s shows a secret:\n%s", kind, text)
		}
		coordinator, worker := arguments(kind, found)
		for i := range coordinator {
			coordinator[i] = expanded(kind, coordinator[i])
		}
		if !slices.Equal(coordinator, wantCoordinator) {
			t.Errorf("%s:\n%q\n%q", kind, coordinator, wantCoordinator)
		}
		if want := []string{"worker", "nats://brunt-coordinator:4222", "--once"}; !slices.Equal(worker, want) {
			t.Errorf("%s: %q", kind, worker)
		}
	}
}

// A schema that takes anything would prove nothing.
func TestSchemasRefuse(t *testing.T) {
	for kind, wrong := range map[Kind][2]string{
		Kubernetes: {"backoffLimit: 0 ", "backofLimit: 0 "},
		Compose:    {"read_only: true\n    cap_drop", "readonly: true\n    cap_drop"},
	} {
		text := string(manifestOf(t, kind, everything(t)...))
		broken := strings.Replace(text, wrong[0], wrong[1], 1)
		refused := 0
		for _, document := range documents(t, []byte(broken)) {
			if schema(t, kind).Validate(document) != nil {
				refused++
			}
		}
		if broken == text || refused != 1 {
			t.Errorf("%s: %d documents refused", kind, refused)
		}
	}
}

// What clusters ask of guests, and what a run needs.
func TestKubernetesPods(t *testing.T) {
	found := documents(t, manifestOf(t, Kubernetes, everything(t)...))
	names := []string{}
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"ConfigMap brunt-payloads", "Job brunt-coordinator", "Job brunt-worker", "PersistentVolumeClaim brunt-out", "Secret brunt", "Service brunt-coordinator"}; !slices.Equal(names, want) {
		t.Fatalf("%q", names)
	}
	for _, job := range []string{"brunt-coordinator", "brunt-worker"} {
		p := pod(found, job)
		c := at(p, "containers", 0)
		for name, ok := range map[string]bool{
			"not root":       at(p, "securityContext", "runAsNonRoot") == true && at(p, "securityContext", "runAsUser") == 65534,
			"seccomp":        at(p, "securityContext", "seccompProfile", "type") == "RuntimeDefault",
			"no service":     at(p, "automountServiceAccountToken") == false && at(p, "enableServiceLinks") == false,
			"read only":      at(c, "securityContext", "readOnlyRootFilesystem") == true,
			"capabilities":   at(c, "securityContext", "capabilities", "drop", 0) == "ALL",
			"no escalation":  at(c, "securityContext", "allowPrivilegeEscalation") == false,
			"whole cores":    at(c, "resources", "requests", "cpu") == at(c, "resources", "limits", "cpu") && at(c, "resources", "requests", "memory") == at(c, "resources", "limits", "memory"),
			"temporary room": at(c, "volumeMounts", 0, "mountPath") == "/tmp" && at(p, "volumes", 0, "emptyDir") != nil,
			"image":          at(c, "image") == "brunt:1.2.3",
			"time to drain":  at(p, "terminationGracePeriodSeconds") == 90,
			"not evicted":    at(found["Job "+job], "spec", "template", "metadata", "annotations", "cluster-autoscaler.kubernetes.io/safe-to-evict") == "false",
			"removed":        at(found["Job "+job], "spec", "ttlSecondsAfterFinished") != nil,
		} {
			if !ok {
				t.Errorf("%s: %s", job, name)
			}
		}
	}
	workers, coordinator := at(found["Job brunt-worker"], "spec"), at(found["Job brunt-coordinator"], "spec")
	if at(workers, "completions") != 3 || at(workers, "parallelism") != 3 || at(workers, "completionMode") != "Indexed" || at(coordinator, "backoffLimit") != 0 {
		t.Errorf("%v, %v", workers, coordinator)
	}
	if at(pod(found, "brunt-worker"), "affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution", 0, "podAffinityTerm", "topologyKey") != "kubernetes.io/hostname" {
		t.Error("no anti-affinity")
	}
	for key := range found["Secret brunt"]["stringData"].(map[string]any) {
		env := at(pod(found, "brunt-coordinator"), "containers", 0, "env").([]any)
		if !slices.ContainsFunc(env, func(v any) bool {
			return at(v, "name") == key && at(v, "valueFrom", "secretKeyRef", "key") == key
		}) {
			t.Errorf("%s is in the Secret, and nobody reads it", key)
		}
	}
	for _, v := range at(pod(found, "brunt-worker"), "containers", 0, "env").([]any) {
		if name := at(v, "name").(string); slices.Contains([]string{"FLAG_PROXY", "BRUNT_SERVE_TOKEN", "BRUNT_RUNS"}, name) {
			t.Errorf("workers have %s", name)
		}
	}
}

// No flag shows a secret, however it was given.
func TestSecretsStayAway(t *testing.T) {
	for _, given := range [][]config.GivenFlag{
		{value("", "https://h/x?api_key=canary")}, {value("header", "X: @canary.txt")}, {value("header", "Cookie: a=canary"), value("header", "Cookie: b=canary2")},
		{value("user", "@canary")}, {value("user", "me:@canary")}, {value("user", "dapi00000000canary")}, {value("key-pass", "@canary")}, {value("key-pass", "canary")},
		{value("proxy", "u:canary@host:1")}, {value("nats", "nats://canary@host:4222")}, {value("nats", "tls://u:canary@a:1,tls://b:2")},
		{value("name", "Bearer canarycanary1")}, {value("label", "a=eyJcanary0canary.canary0canary")}, {value("header", "Accept: Bearer canarycanary1")},
	} {
		for _, kind := range []Kind{Kubernetes, Compose} {
			if text := manifestOf(t, kind, given...); bytes.Contains(text, []byte("canary")) {
				t.Errorf("%v: %s", given, text)
			}
		}
	}
}

// Two secrets have two names, and none that the command uses itself.
func TestNamesOfSecrets(t *testing.T) {
	text := manifestOf(t, Compose, value("header", "Cookie: a=1234secret"), value("header", "Cookie: b=5678secret"), value("header", "A: env:HEADER_COOKIE_2"), value("header", "B: env:HEADER_COOKIE_2"))
	coordinator, _ := arguments(Compose, documents(t, text))
	want := []string{"attack", "--header=Cookie: env:HEADER_COOKIE", "--header=Cookie: env:HEADER_COOKIE_3", "--header=A: env:HEADER_COOKIE_2", "--header=B: env:HEADER_COOKIE_2"}
	if !slices.Equal(coordinator[:5], want) {
		t.Errorf("%q", coordinator)
	}
}

// A NATS cluster of the user's takes the place of the coordinator's server.
func TestOwnNATS(t *testing.T) {
	given := []config.GivenFlag{value("", "https://h/x"), value("nats", "tls://n:4222"), reads("nats-creds", "x/brunt.creds"), reads("nats-cert", "x/c.pem")}
	found := documents(t, manifestOf(t, Kubernetes, given...))
	if found["Service brunt-coordinator"] != nil || found["Secret brunt"] != nil {
		t.Error("a service, or a secret, that nobody needs")
	}
	coordinator, worker := arguments(Kubernetes, found)
	if want := []string{"attack", "https://h/x", "--workers=4"}; !slices.Equal(coordinator, want) || !slices.Equal(worker, []string{"worker", "--once"}) {
		t.Errorf("%q, %q", coordinator, worker)
	}
	for _, job := range []string{"brunt-coordinator", "brunt-worker"} {
		env := at(pod(found, job), "containers", 0, "env")
		if at(env, 0, "value") != "tls://n:4222" || at(env, 1, "value") != "/secrets/brunt.creds" || at(env, 2, "value") != "/secrets/c.pem" {
			t.Errorf("%s: %v", job, env)
		}
	}
}

// Its token, where it asks for one, is a secret as any other.
func TestOwnNATSToken(t *testing.T) {
	text := manifestOf(t, Compose, value("", "https://h/x"), value("nats", "tls://n:4222"), value("worker-token", "canary"))
	if !bytes.Contains(text, []byte("BRUNT_WORKER_TOKEN: \"${BRUNT_WORKER_TOKEN:?")) || bytes.Contains(text, []byte("canary")) {
		t.Errorf("%s", text)
	}
}

// Bodies that a ConfigMap cannot hold come in a volume.
func TestLargeBodies(t *testing.T) {
	path := bodies(t, "large.jsonl", strings.Repeat("x", mostInMap+1))
	text := manifestOf(t, Kubernetes, value("", "https://h/x"), reads("payloads", path))
	found := documents(t, text)
	if found["ConfigMap brunt-payloads"] != nil || len(text) > 20_000 {
		t.Error("a ConfigMap that is too large")
	}
	claim := found["PersistentVolumeClaim brunt-payloads"]
	if claim == nil || at(claim, "spec", "resources", "requests", "storage") != "1Gi" {
		t.Errorf("%v", claim)
	}
	for name, document := range found {
		if err := schema(t, Kubernetes).Validate(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if at(pod(found, "brunt-coordinator"), "volumes", 1, "persistentVolumeClaim", "claimName") != "brunt-payloads" {
		t.Error("nobody mounts the claim")
	}
}

// Files have names that a ConfigMap takes, each its own.
func TestNamesOfFiles(t *testing.T) {
	var list []File
	for _, c := range [][2]string{
		{"a/b.jsonl", "b.jsonl"}, {"c/b.jsonl", "again-b.jsonl"}, {"d/b.jsonl", "again-again-b.jsonl"}, {"a/b.jsonl", "b.jsonl"},
		{`C:\x y\ä.json`, "-.json"}, {"..", "file"}, {"...", "file-again"}, {".hidden", "hidden"},
	} {
		if got := file(&list, c[0]).Name; got != c[1] {
			t.Errorf("%s: %s, not %s", c[0], got, c[1])
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		given []config.GivenFlag
		want  string
	}{
		{[]config.GivenFlag{reads("payloads", "-")}, "--payloads -: a cluster has no standard input of yours; write it to a file, and name that"},
		{[]config.GivenFlag{reads("body", "-")}, "--body -: a cluster has no standard input of yours; write it to a file, and name that"},
		{[]config.GivenFlag{value("header", "A: env:my-key")}, "--header: the name after env: is none that a Secret can have; use letters, digits and _"},
		{[]config.GivenFlag{value("user", "env:BRUNT_X")}, "--user: env:BRUNT_X: variables that begin with BRUNT_ are flags; name it otherwise"},
		{[]config.GivenFlag{value("workers", "x")}, "--workers x: it is no number of workers; write 4"},
		{[]config.GivenFlag{reads("nats-creds", "x")}, "--nats-creds: it is for --nats, which is not there; add that, or leave it out"},
		{[]config.GivenFlag{value("name", "\xff")}, "--name: its value is no UTF-8, which is all that a manifest can hold"},
		{[]config.GivenFlag{value("", "\xff")}, "TARGET: its value is no UTF-8, which is all that a manifest can hold"},
	} {
		if _, err := New("attack", c.given, Tree{}, "", "v1"); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v", c.given, err)
		}
	}
	if _, err := New("attack", nil, Tree{}, "a b", "v1"); err == nil {
		t.Error("an image with a space was taken")
	}
	r, err := New("attack", []config.GivenFlag{reads("payloads", "nowhere.jsonl")}, Tree{}, "registry/x:1", "v1")
	if err != nil || r.Image != "registry/x:1" || r.Write(io.Discard, Kubernetes) == nil {
		t.Errorf("%v, and bodies that are not there were taken", err)
	}
}

// The port of the live view is one that its user may have.
func TestServe(t *testing.T) {
	for word, want := range map[string]string{
		"true": ":8080", "": ":8080", "80": ":8080", ":443": ":8080", "9000": ":9000", "127.0.0.1:9001": "127.0.0.1:9001", "false": "",
	} {
		var r Run
		if got := r.serve(word); got != want {
			t.Errorf("%q: %q, not %q", word, got, want)
		}
	}
}

// Credentials of a workspace come from the Secret, where TARGET may be in one.
func TestWorkspace(t *testing.T) {
	for _, c := range []struct {
		given []config.GivenFlag
		want  bool
	}{
		{[]config.GivenFlag{value("", "my-endpoint")}, true},
		{[]config.GivenFlag{value("", "https://h/x"), value("profile", "p")}, true},
		{[]config.GivenFlag{value("", "my-endpoint"), value("auth", "none")}, false},
		{[]config.GivenFlag{value("", "https://h/x")}, false},
	} {
		if got := bytes.Contains(manifestOf(t, Kubernetes, c.given...), []byte("DATABRICKS_CLIENT_SECRET")); got != c.want {
			t.Errorf("%v: %v", c.given, got)
		}
	}
}

func TestKind(t *testing.T) {
	var k Kind
	if err := k.UnmarshalText([]byte("helm")); err == nil || err.Error() != `"helm" is neither kubernetes nor compose` {
		t.Error(err)
	}
}
