package payloads
import ("testing";"os/exec";"time";"os")
func TestCold(t *testing.T) {
	if os.Getenv("BRUNT_COLD")=="" {t.Skip()}
	p := writeGigabyte(t,"text",1000,BodyFormat)
	drop := func(){ o,err := exec.Command("dd","of="+p,"oflag=nocache","conv=notrunc,fdatasync","count=0").CombinedOutput(); if err!=nil {t.Fatal(string(o))} }
	for range 2 {
	drop(); t0:=time.Now(); exec.Command("cp",p,"/dev/null").Run(); t.Log("cp cold",time.Since(t0))
	t0=time.Now(); exec.Command("cp",p,"/dev/null").Run(); t.Log("cp warm",time.Since(t0))
	drop(); t0=time.Now(); s,err:=Open([]Spec{{p,1}},Options{}); if err!=nil {t.Fatal(err)}; t.Log("open cold",time.Since(t0)); s.Close()
	t0=time.Now(); s,err=Open([]Spec{{p,1}},Options{}); if err!=nil {t.Fatal(err)}; t.Log("open warm",time.Since(t0)); s.Close()
	}
}
