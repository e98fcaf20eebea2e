// The Pulumi Kubernetes provider, served from its published Go module.
//
// The module publishes the provider's code but no installable command: its own
// main package embeds two files that its makefile generates. tools/build.py
// lays those files beside this one (from the same module, version stamped).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// version is stamped by the linker.
var version = ""

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
