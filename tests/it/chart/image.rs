//! The image's recipe: it copies what exists, builds what is locked, and runs as nobody.

use super::helm::{project, rendered, the};

fn recipe() -> String {
    std::fs::read_to_string(project("Dockerfile")).unwrap()
}

#[test]
fn what_is_copied_exists_and_is_not_ignored() {
    let ignored = std::fs::read_to_string(project(".dockerignore")).unwrap();
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*"), "only what is named reaches the build");
    let text = recipe();
    let copies = text.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from="));
    let mut sources = Vec::new();
    for line in copies {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        sources.extend_from_slice(&words[..words.len() - 1]);
    }
    assert!(sources.contains(&"Cargo.lock") && sources.contains(&"src"), "{sources:?}");
    for source in sources {
        assert!(project(source).exists(), "{source}");
        assert!(kept.contains(&source), "{source} does not reach the build");
    }
}

#[test]
fn the_build_is_locked_static_and_for_two_architectures() {
    let text = recipe();
    assert!(text.contains("--locked") && text.contains("--bin ecs-operator"));
    for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"] {
        assert!(text.contains(target), "{target}");
    }
    let last = text.rsplit("\nFROM ").next().unwrap();
    assert!(
        last.starts_with("scratch") && last.contains("USER 65532:65532") && last.contains("ENTRYPOINT ["),
        "{last}"
    );
    for label in ["source", "licenses", "version", "title"] {
        assert!(last.contains(&format!("org.opencontainers.image.{label}=")), "{label}");
    }
}

#[test]
fn the_compiler_and_the_user_are_those_of_the_project_and_the_chart() {
    let manifest = std::fs::read_to_string(project("Cargo.toml")).unwrap();
    let version = manifest.split("rust-version = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(recipe().contains(&format!("RUST_VERSION={version}\n")), "{version}");
    let all = rendered("x", &["--set", "installationId=a"]);
    let pod = &the(&all, "Deployment", "ecs-operator")["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsUser"], 65532);
}
