"""What stands behind the tools: Splunk (embedded or real), feeds, runbooks, responders."""
