@echo off
rem Builds DomainTuning when needed, then passes the verb on: domaintuning --help
setlocal
set "root=%~dp0"
set DOTNET_CLI_TELEMETRY_OPTOUT=1
set DOTNET_NOLOGO=1
where dotnet >nul 2>nul || (echo DomainTuning needs the .NET 10 SDK: https://dot.net/download 1>&2 & exit /b 1)
if /i "%~1"=="test" (
  cd /d "%root%"
  dotnet test --configuration Release
  exit /b
)
dotnet build "%root%src\DomainTuning.Cli\DomainTuning.Cli.csproj" --configuration Release --verbosity quiet -clp:ErrorsOnly 1>&2 || exit /b 1
if /i "%~1"=="train" (
  echo Building the trainer when needed; the first time fetches half a gigabyte of natives 1>&2
  dotnet build "%root%src\DomainTuning.Trainer\DomainTuning.Trainer.csproj" --configuration Release --verbosity quiet -clp:ErrorsOnly 1>&2 || exit /b 1
)
dotnet "%root%src\DomainTuning.Cli\bin\Release\net10.0\domaintuning.dll" %*
exit /b
