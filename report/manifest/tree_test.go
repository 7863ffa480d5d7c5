package manifest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"brunt/payloads"
	"brunt/report/config"
)

// plant writes files below a directory.
func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// container lays out below root what the coordinator's container would have of the bodies,
// and gives the folder that it works in.
func container(t *testing.T, root string, text []byte) (dir string) {
	t.Helper()
	found := documents(t, text)
	data, _ := found["ConfigMap brunt-payloads"]["data"].(map[string]any)
	p := pod(found, "brunt-coordinator")
	in := map[string]string{} // by the path in the volume
	for _, v := range at(p, "volumes").([]any) {
		if at(v, "name") != "payloads" {
			continue
		}
		for _, item := range at(v, "configMap", "items").([]any) {
			in[at(item, "path").(string)] = data[at(item, "key").(string)].(string)
		}
	}
	c := at(p, "containers", 0)
	for _, m := range at(c, "volumeMounts").([]any) {
		if at(m, "name") != "payloads" {
			continue
		}
		to, sub := at(m, "mountPath").(string), at(m, "subPath")
		for path, content := range in {
			switch {
			case sub == nil:
				plant(t, filepath.Join(root, to), map[string]string{path: content})
			case sub == path:
				plant(t, root, map[string]string{to: content})
			}
		}
	}
	return at(c, "workingDir").(string)
}

// openTargets opens a list of targets.
func openTargets(t *testing.T, path string) *payloads.Set {
	t.Helper()
	set, err := payloads.Open([]payloads.Spec{{Path: path, Weight: 1}}, payloads.Options{Format: payloads.TargetsFormat})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close() })
	return set
}

// TestBodiesNamedByLines has lists name files from where brunt runs, from where they lie
// themselves, above both, and by the whole path: the coordinator finds each.
func TestBodiesNamedByLines(t *testing.T) {
	schemas := map[Kind]*jsonschema.Schema{Kubernetes: schema(t, Kubernetes), Compose: schema(t, Compose)}
	user := t.TempDir()
	whole := filepath.Join(user, "far", "whole.json")
	plant(t, user, map[string]string{
		"work/lists/t.txt":     "POST http://h/x\n@bodies/one.json\n\nPOST http://h/y\n@two.json\n\nPOST http://h/z\n@../above/b c.json\n",
		"work/lists/w.txt":     "POST http://h/w\n@" + whole + "\n",
		"work/bodies/one.json": `{"one":1}`, "work/lists/two.json": `{"two":2}`, "above/b c.json": `{"three":3}`, "far/whole.json": `{"four":4}`,
	})
	t.Chdir(filepath.Join(user, "work"))
	tree := Tree{Dir: filepath.Join(user, "work"), Named: append(openTargets(t, "lists/t.txt").Named(), openTargets(t, "lists/w.txt").Named()...)}
	if len(tree.Named) != 4 {
		t.Fatalf("the lists name %q", tree.Named)
	}
	given := []config.GivenFlag{value("", "http://h/"), reads("targets", "lists/t.txt"), reads("payloads", "lists/w.txt:3"), value("rate", "1"), value("duration", "1s")}
	for _, kind := range []Kind{Compose, Kubernetes} {
		r, err := New("attack", given, tree, "", "v1")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := r.Write(&out, kind); err != nil {
			t.Fatal(err)
		}
		found := documents(t, []byte(out.String()))
		for name, document := range found {
			if err := schemas[kind].Validate(document); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		coordinator, _ := arguments(kind, found)
		for _, want := range []string{"--targets=/files/in/lists/t.txt", "--payloads=/files/in/lists/w.txt:3"} {
			if !slices.Contains(coordinator, want) {
				t.Errorf("%s: %q has no %s", kind, coordinator, want)
			}
		}
		if kind == Kubernetes {
			root := t.TempDir()
			t.Chdir(filepath.Join(root, container(t, root, []byte(out.String()))))
			if set := openTargets(t, filepath.Join(root, "/files/in/lists/t.txt")); string(set.At(0).Body)+string(set.At(1).Body)+string(set.At(2).Body) != `{"one":1}{"two":2}{"three":3}` {
				t.Errorf("%s, %s, %s", set.At(0).Body, set.At(1).Body, set.At(2).Body)
			}
			if text, err := os.ReadFile(filepath.Join(root, whole)); err != nil || string(text) != `{"four":4}` {
				t.Errorf("by its whole path: %q, %v", text, err)
			}
			continue
		}
		var targets []string
		for _, v := range at(found["compose"], "services", "coordinator", "volumes").([]any) {
			targets = append(targets, at(v, "target").(string))
			if from := at(v, "source").(string); strings.HasPrefix(from, tree.Dir) {
				t.Errorf("the manifest lies beside %s", from)
			}
		}
		for _, want := range []string{"/files/in/bodies/one.json", "/files/in/lists/two.json", "/files/above/b c.json", filepath.ToSlash(whole)} {
			if !slices.Contains(targets, want) {
				t.Errorf("%q has no %s", targets, want)
			}
		}
	}
}

// TestHandedCredentials: what workers are handed they do not have of their own, and none of
// them reads the key of the coordinator's certificate.
func TestHandedCredentials(t *testing.T) {
	given := []config.GivenFlag{
		value("", "my-endpoint"), value("slo", "p99<1s"), value("worker-credentials", "handed"), reads("workers-cert", "c.pem"), reads("workers-key", "k.pem"),
		reads("nats-ca", "ca.pem"), reads("serve-key", "s.pem"), value("header", "X-Key: env:MY_KEY"), reads("header-file", "h.txt"),
	}
	for _, kind := range []Kind{Kubernetes, Compose} {
		r, err := New("capacity", given, Tree{}, "", "v1")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := r.Write(&out, kind); err != nil {
			t.Fatal(err)
		}
		found := documents(t, []byte(out.String()))
		for name, document := range found {
			if err := schema(t, kind).Validate(document); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		coordinator, worker := out.String(), out.String()
		if i := strings.Index(out.String(), "  name: brunt-worker\n"); kind == Kubernetes {
			coordinator, worker = coordinator[:i], worker[i:]
		} else {
			i = strings.Index(out.String(), "  worker:\n")
			coordinator, worker = coordinator[:i], worker[i:]
		}
		for _, word := range []string{"DATABRICKS_CLIENT_SECRET", "DATABRICKS_HOST", "c.pem", "k.pem", "s.pem", "MY_KEY", "h.txt"} {
			both := word == "MY_KEY" || word == "h.txt"
			if !strings.Contains(coordinator, word) || strings.Contains(worker, word) != both {
				t.Errorf("%s: %s is with the coordinator %t, with workers %t", kind, word, strings.Contains(coordinator, word), strings.Contains(worker, word))
			}
		}
		if !strings.Contains(worker, "BRUNT_NATS_CA") || strings.Contains(coordinator, "BRUNT_NATS_CA") || !strings.Contains(worker, "ca.pem") || !strings.Contains(worker, "tls://brunt-coordinator:4222") || !strings.Contains(coordinator, `"capacity"`) {
			t.Errorf("%s:\n%s", kind, out.String())
		}
	}
}

// TestReadiness: the coordinator is ready once workers, or who looks at its page, reach it.
func TestReadiness(t *testing.T) {
	own := value("nats", "tls://n:4222")
	for want, given := range map[string][]config.GivenFlag{
		"tcpSocket: {port: nats}":                              {value("serve", "true")},
		"httpGet: {path: /healthz, port: page}":                {own, value("serve", "true")},
		"httpGet: {path: /healthz, port: page, scheme: HTTPS}": {own, value("serve", ":9000"), reads("serve-cert", "c.pem")},
		"": {own, value("serve", "127.0.0.1:9000")},
	} {
		text := string(manifestOf(t, Kubernetes, append(given, value("", "https://h/x"))...))
		if strings.Contains(text, "readinessProbe") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%v: no %q in\n%s", given, want, text)
		}
	}
}

// TestGrace: a run that is stopped has the time that its requests may take.
func TestGrace(t *testing.T) {
	for text, want := range map[string]string{"": "90", "5m": "330", "1.5s": "31"} {
		given := []config.GivenFlag{value("", "https://h/x")}
		if text != "" {
			given = append(given, value("timeout", text))
		}
		if k := string(manifestOf(t, Kubernetes, given...)); strings.Count(k, "terminationGracePeriodSeconds: "+want) != 2 {
			t.Errorf("%s: %s", text, k)
		}
		if c := string(manifestOf(t, Compose, given...)); strings.Count(c, "stop_grace_period: "+want+"s") != 2 {
			t.Errorf("%s: %s", text, c)
		}
	}
}

// TestLongName: a key of a ConfigMap has 253 characters at the most.
func TestLongName(t *testing.T) {
	var list []File
	for range 3 {
		name := file(&list, strings.Repeat("d/", len(list))+strings.Repeat("x", 250)+".jsonl").Name
		if len(name) > 253 || !strings.HasSuffix(name, ".jsonl") {
			t.Errorf("%d characters: %s", len(name), name)
		}
	}
}
