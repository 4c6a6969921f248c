"""``ajar completion``: completion in the shell."""

from __future__ import annotations

import click

from interfaces.cli.context import App
from interfaces.cli.options import common_options, pass_app


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common_options
@pass_app
@click.pass_context
def completion_command(ctx: click.Context, app: App, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash: eval "$(ajar completion bash)"       in ~/.bashrc
    zsh:  eval "$(ajar completion zsh)"        in ~/.zshrc
    fish: ajar completion fish > ~/.config/fish/completions/ajar.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    app.out.write(kind(ctx.find_root().command, {}, "ajar", "_AJAR_COMPLETE").source() + "\n")
