//! The chart, the plain manifests and the image: rendered by Helm and kustomize, applied to a real API server, and the
//! operator under the rights that they give it.

mod applied;
mod helm;
mod image;
mod kustomize;
mod people;
mod plane;
mod policies;
mod releases;
mod rendered;
mod rights;
mod values;
