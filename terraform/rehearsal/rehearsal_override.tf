# Laid over a copy of the product for `make rehearse`, never over the product itself.

terraform {
  backend "local" {}
}

provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  max_retries                 = 4
}

provider "aws" {
  alias                       = "us_east_1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  max_retries                 = 4
}
