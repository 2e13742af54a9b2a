#!/usr/bin/env bash
# Gradescope runs this once, when it makes the image: Python and the packages, in the versions of the instructor.
set -euo pipefail
source=$(cd "$(dirname "$0")" && pwd)
root=${AUTOGRADER_ROOT:-/autograder}
version=$(cat "$source/python-version")

# The learners' code may run as another user: all that Python needs must be readable to everyone.
umask 022
chmod a+rx "$root" "$source"
export UV_PYTHON_INSTALL_DIR=/opt/rnnbook-python DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv
python3 -m venv /opt/rnnbook-uv
/opt/rnnbook-uv/bin/pip install --quiet --disable-pip-version-check uv
/opt/rnnbook-uv/bin/uv venv --seed --python "$version" "$root/venv"
"$root/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  --extra-index-url https://download.pytorch.org/whl/cpu --requirement "$source/requirements.txt"
"$root/venv/bin/python" -c "import torch; print('torch', torch.__version__)"
