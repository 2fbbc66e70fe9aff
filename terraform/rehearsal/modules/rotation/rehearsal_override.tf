# The emulator never invokes the function, and does not know CancelRotateSecret: nothing could be destroyed.
resource "aws_secretsmanager_secret_rotation" "settings" {
  count = 0
}
