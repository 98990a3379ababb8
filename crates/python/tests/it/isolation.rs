//! What functions cannot reach.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;

use bywash_core::Code;

use super::Project;

/// The error of a body that ought to be refused, or `None` if it went through.
async fn refusal(project: &Project, body: &str, network: bool) -> Option<String> {
    let mut call = project.function(&format!("{body}\nimport pyarrow as pa\nreturn pa.table({{'n': [1]}})"));
    call.network = network;
    match project.call(call).await {
        Ok(_) => None,
        Err(error) => {
            assert_eq!(error.code(), Code::PythonException, "{error:?}");
            Some(format!("{error:?} {}", error.hints().join(" ")))
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// The version of the kernel.
fn linux() -> (u32, u32) {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("the kernel's version");
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

#[tokio::test]
async fn files_outside_the_project_cannot_be_reached() {
    let project = Project::new();
    assert_eq!(project.pool.warnings(), Vec::<String>::new());
    let outside = project.folder.path().join("outside");
    fs::write(&outside, "secret").expect("a file");
    let outside = outside.display();
    project.write("data/inside", "open");
    for body in [
        format!("open('{outside}').read()"),
        format!("open('{outside}', 'a')"),
        format!("import subprocess\nsubprocess.run(['cat', '{outside}'], check=True)"),
        format!("import os\nos.rename('{outside}', '{outside}2')"),
        "open('/etc/shadow').read()".to_owned(),
        "import os\nos.listdir(os.path.expanduser('~root'))".to_owned(),
        "open(f'/proc/{__import__(\"os\").getppid()}/environ', 'rb').read()".to_owned(),
        "open('models/m.py', 'a')".to_owned(),
        "open('data/new', 'w')".to_owned(),
        "import os\nos.remove('data/inside')".to_owned(),
    ] {
        assert!(refusal(&project, &body, false).await.is_some(), "{body}");
    }
    // Before Linux 6.12 nothing keeps a user's processes from ending one another; for root, functions are another user.
    if is_root() || linux() >= (6, 12) {
        assert!(refusal(&project, "import os\nos.kill(os.getppid(), 9)", false).await.is_some());
    }
    // No system keeps a user from changing rights of his own files; for root, functions are another user.
    if is_root() {
        let body = "import os\nassert os.getuid() != 0\nos.chmod('data/inside', 0o777)";
        assert!(refusal(&project, body, false).await.is_some());
    }
    assert_eq!(fs::read_to_string(project.folder.path().join("outside")).expect("it stays"), "secret");
    for body in [
        "open('data/inside').read()",
        "import tempfile, os\nwith tempfile.NamedTemporaryFile('w') as file:\n    file.write('x')\nopen(os.path.expanduser('~/y'), 'w').write('y')",
        "import os, tempfile\none, two = tempfile.mkdtemp(), tempfile.mkdtemp()\nopen(one + '/x', 'w').close()\nos.link(one + '/x', two + '/y')\nos.replace(one + '/x', two + '/x')",
        "import subprocess\nsubprocess.run(['ls'], check=True)",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import pyarrow'], check=True)",
        "import multiprocessing as m\nwith m.get_context('fork').Pipe()[0] as p:\n    pass",
    ] {
        assert_eq!(refusal(&project, body, false).await, None, "{body}");
    }
    assert_eq!(project.left(), Vec::<String>::new());
}

#[tokio::test]
async fn the_network_is_there_for_who_asks() {
    let project = Project::new();
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("a port").port();
    let connect = format!("import socket\nsocket.create_connection(('127.0.0.1', {port})).close()");
    let refused = refusal(&project, &connect, false).await.expect("no connection");
    assert!(refused.contains("network=True"), "{refused}");
    for body in [
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "import urllib.request\nurllib.request.urlopen('http://localhost:1')",
    ] {
        let refused = refusal(&project, body, false).await.expect("no socket");
        assert!(refused.contains("network=True"), "{refused}");
    }
    assert_eq!(refusal(&project, &connect, true).await, None);
}

#[tokio::test]
async fn nothing_of_the_environment_is_inherited() {
    let project = Project::new();
    let body = "import os, pyarrow as pa\nprint(*sorted(os.environ))\nreturn pa.table({'n': [len(os.listdir('/proc/self/fd'))]})";
    let answer = project.call(project.function(body)).await.expect("an answer");
    let names = "HOME JOBLIB_MULTIPROCESSING JOBLIB_TEMP_FOLDER LANG LOGNAME PATH PYTHONHASHSEED TMPDIR TZ USER";
    assert_eq!(project.texts(), [names]);
    assert_eq!(answer.outputs[0].rows(), 1);
}

/// Becoming another user makes the kernel forget with whom a process ends.
#[tokio::test]
async fn a_run_ends_with_its_guard_whoever_it_is() {
    let project = Project::with(|settings| settings.control_groups = false);
    let body = "import ctypes, pyarrow as pa\nsignal = ctypes.c_int()\n\
                ctypes.CDLL(None).prctl(2, ctypes.byref(signal), 0, 0, 0)\nprint(signal.value)\nreturn pa.table({'n': [1]})";
    project.call(project.function(body)).await.expect("an answer");
    assert_eq!(project.texts(), ["9"]);
}

#[tokio::test]
async fn the_kernel_ends_functions_before_their_caller() {
    let project = Project::new();
    let body =
        "import pyarrow as pa\nprint(open('/proc/self/oom_score_adj').read().strip())\nreturn pa.table({'n': [1]})";
    project.call(project.function(body)).await.expect("an answer");
    assert_eq!(project.texts(), ["500"]);
}

#[tokio::test]
async fn a_function_has_the_cores_that_it_asks_for_and_its_name() {
    let project = Project::new();
    let mut call = project.function(
        "import os, pyarrow as pa\nprint(len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'], open('/proc/self/comm').read().strip())\nreturn pa.table({'n': [1]})",
    );
    call.limits.cpus = Some(0.5);
    project.call(call).await.expect("an answer");
    assert_eq!(project.texts(), ["1 1 marts.f"]);
}
