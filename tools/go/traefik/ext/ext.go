// Package ext stands in for the module of this name, which Traefik requires and does not publish: the
// places where a build of Traefik with extensions keeps their configuration. This one has none.
package ext

// HTTP is what an extension adds to the HTTP configuration.
type HTTP struct{}

// DeepCopyInto copies nothing.
func (*HTTP) DeepCopyInto(*HTTP) {}

// Router is what an extension adds to a router.
type Router struct{}

// DeepCopyInto copies nothing.
func (*Router) DeepCopyInto(*Router) {}
